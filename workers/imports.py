"""Importing: one worker reads a file and watches over its run; every worker does its chunks.

    run ─▶ read (app/imports/staging.py) ─▶ watch: count, renew, until every row has its end
                                               ▲
    lanes ─▶ claim ─▶ chunk ─▶ chunk … ────────┘   done by whoever is free, a turn at a time

A lane is given back at the end of a turn, and after any chunk if single requests wait in it.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import clock, log, metrics
from app.core.admission import Admission
from app.core.db import sqlstate_of
from app.core.driver import Transaction
from app.core.errors import Conflict, Invalid, NotFound, TooLarge
from app.core.failpoints import Purpose
from app.core.ids import NIL
from app.core.outbound.errors import NotReached, TooSlow
from app.core.problems import as_app_error
from app.core.resources import Line
from app.imports import runs
from app.imports.errors import StoppedByFailures
from app.imports.rows.chunk import (
    UNFORESEEN,
    Done,
    Poison,
    TooManyFailures,
    find_portion,
    note_death,
    take_portion,
)
from app.imports.staging import Staging
from app.imports.terms import terms_of
from app.models.states import RunState
from app.responses.intake.desk import tried
from app.responses.lanes import lease as leases
from app.responses.lanes.due import has_work
from app.responses.lanes.lease import Lease, LeaseLost
from app.responses.lanes.setting_aside import lies_in_the_data
from app.runs import queue
from app.runs.progress import Pace
from app.runs.queue import Claimed, RunLost
from workers.scoring import drain_lane
from workers.work import Work

_log = log.get(__name__)

# Signs the lease of a lane whose holder was importing: only such a death counts against a row.
_SIGNED = " import"
_LANES = text(
    """
    WITH RECURSIVE importing(account_id, lane_id) AS (
        (SELECT account_id, lane_id FROM pending_imports ORDER BY account_id, lane_id LIMIT 1)
        UNION ALL
        SELECT next.account_id, next.lane_id FROM importing CROSS JOIN LATERAL (
            SELECT p.account_id, p.lane_id FROM pending_imports p
             WHERE (p.account_id, p.lane_id) > (importing.account_id, importing.lane_id)
             ORDER BY p.account_id, p.lane_id LIMIT 1) next
    )
    SELECT i.account_id, i.lane_id FROM importing i
      JOIN lanes l ON l.account_id = i.account_id AND l.campaign_id = i.lane_id
     WHERE l.leased_until < clock_timestamp()
     ORDER BY row_number() OVER (PARTITION BY i.account_id ORDER BY random()), random()
     LIMIT :most
    """
)
# A worker died in this lane, or at the row that is next in it.
_IS_SUSPECT = text(
    """
    SELECT coalesce(l.holder LIKE '%' || :signed, false) OR coalesce((
           SELECT p.deaths > 0 FROM pending_imports p
            WHERE p.account_id = l.account_id AND p.lane_id = l.campaign_id
            ORDER BY p.account_id, p.lane_id, p.run_id, p.number LIMIT 1), false)
      FROM lanes l WHERE l.account_id = :account_id AND l.campaign_id = :lane_id
    """
)
_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.05, 1.0
# Of all that is wrong with a file, so much is said in one sentence.
_MOST_PLACES = 10
_PASSED_OVER_SECONDS = 0.05
# How often a turn asks whether somebody is waiting for its lane.
_LOOK_SECONDS = 0.25


async def import_file(work: Work, line: Line, claimed: Claimed) -> None:
    """Read the run's file, then watch until every row has its end."""
    account_id, run_id = claimed.account_id, claimed.run_id
    try:
        staging = Staging(work.resources, line, claimed, is_stopping=work.is_stopping.is_set)
        await staging.read()
    except (Conflict, Invalid, NotFound, NotReached, TooLarge, TooSlow) as error:
        if isinstance(error, RunLost):
            raise
        places = [fault.detail for fault in error.faults[:_MOST_PLACES]]
        sentence = " ".join([error.message, *places])
        async with line.unit_of_work(account_id, purpose=Purpose.RUN_END) as tx:
            await queue.renew(tx, claimed, by=work.settings.scoring.lease)
            await runs.finish(tx, account_id, run_id, RunState.FAILED, error=(error.code, sentence))
        return
    work.bulk_wanted.set()
    await _watch(work, line, claimed)


async def _watch(work: Work, line: Line, claimed: Claimed) -> None:
    pause, pace, said = _FIRST_LOOK_SECONDS, Pace(), "{}"
    while not work.is_stopping.is_set():
        async with line.unit_of_work(claimed.account_id, purpose=Purpose.RUN_PROGRESS) as tx:
            await queue.renew(tx, claimed, by=work.settings.scoring.lease)
            counts = await runs.count(tx, claimed.account_id, claimed.run_id, said)
        if counts is None or counts[0] == counts[1]:
            async with line.unit_of_work(claimed.account_id, purpose=Purpose.RUN_END) as tx:
                terms = await terms_of(tx, claimed.account_id, claimed.run_id)
                # Whoever did the last row may not have said yet that it was one failure too many.
                most = terms.stop_after
                if counts is not None and most is not None and counts[2] >= most:
                    await _stop(tx, claimed.account_id, claimed.run_id)
                await runs.finish(tx, claimed.account_id, claimed.run_id, RunState.SUCCEEDED)
            return
        total, done, _ = counts
        said = pace.details(time.monotonic(), done=done, total=total)
        await asyncio.sleep(pause)
        # Nobody should wait a second to be told that it is over.
        left = _LONGEST_LOOK_SECONDS if pace.left_seconds is None else pace.left_seconds / 2
        pause = min(pause * 1.2, _LONGEST_LOOK_SECONDS, max(left, _FIRST_LOOK_SECONDS))


async def due_import_lanes(connection: AsyncConnection, *, most: int) -> list[tuple[UUID, UUID]]:
    """Free lanes with chunks to do, round robin over accounts: (account, lane)."""
    rows = (await connection.execute(_LANES, {"most": most})).all()
    return [(row.account_id, row.lane_id) for row in rows]


async def do_imports(work: Work, suspects: asyncio.Lock | None = None) -> None:
    """Do chunks of one lane after the other until no free lane has any.

    Args:
        suspects: shared by all who do so in this process: lanes in which workers died are done
            one at a time, or the row that kills would have those beside it blamed, too.
    """
    suspects = suspects or asyncio.Lock()
    async with work.resources.line() as line:
        while not work.is_stopping.is_set():
            async with work.resources.look_everywhere() as connection:
                found = await due_import_lanes(connection, most=1)
                if not found:
                    return
                is_suspect = await _is_suspect(connection, *found[0])
            async with suspects if is_suspect else contextlib.nullcontext():
                has_had_it = await import_lane(work, line, *found[0])
            if not has_had_it:
                # Whoever stands still with its row locked would have us ask without a pause.
                await asyncio.sleep(_PASSED_OVER_SECONDS)


async def _is_suspect(connection: AsyncConnection, account_id: UUID, lane_id: UUID) -> bool:
    given = {"account_id": account_id, "lane_id": lane_id, "signed": _SIGNED}
    return bool((await connection.execute(_IS_SUSPECT, given)).scalar())


async def import_lane(work: Work, line: Line, account_id: UUID, lane_id: UUID) -> bool:
    """Do what a lane has of files, for at most one turn; False if another has it."""
    async with line.unit_of_work(account_id, purpose=Purpose.IMPORT_CLAIM) as tx:
        holder, lease = work.holder + _SIGNED, work.settings.scoring.lease
        taken = await leases.claim(tx, account_id, lane_id, holder=holder, lease=lease)
        if taken is None:
            return False
        if taken.last_holder is not None and taken.last_holder.endswith(_SIGNED):
            await note_death(tx, account_id, lane_id)
    turn = Turn(work, line, Lease(account_id, lane_id, taken.token, taken.run_id or NIL))
    with log.bound(account_id=str(account_id)):
        try:
            is_wanted = await turn.run()
        except LeaseLost:
            metrics.LEASES_LOST.inc()
            _log.warning("lease_lost")
            return True
        finally:
            await turn.give_back()
    if is_wanted:
        # By ourselves: to whoever looks once a second the lane would always be taken again.
        await drain_lane(work, account_id, lane_id)
    return True


@dataclass(slots=True)
class Turn:
    """One worker's turn at the files of one lane."""

    work: Work
    line: Line
    lease: Lease
    most: int = 0
    place: tuple[UUID, int, int] | None = None

    async def run(self) -> bool:
        """Chunk after chunk until none is left or the turn is over; True if others wait for it."""
        whole = self.most = self.work.settings.imports.chunk_rows
        end = time.monotonic() + self.work.settings.scoring.turn.total_seconds()
        look = time.monotonic() + _LOOK_SECONDS
        poison: Poison | None = None
        while time.monotonic() < end and not self.work.is_stopping.is_set():
            began = time.perf_counter()
            try:
                done = await self._portion(poison)
            except TooManyFailures as few:
                self.most = few.rows
                continue
            except Exception as error:
                if not _lies_in_a_row(error):
                    raise
                # Alone, a row that still does not go in is the one at fault.
                code = sqlstate_of(error) or UNFORESEEN
                poison = Poison(code, self.place) if self.most == 1 and self.place else None
                if code == UNFORESEEN:
                    _log.error("rows_not_taken", exc_info=True)
                self.most = max(1, self.most // 2)
                continue
            if done is None:
                return False
            poison, self.most = None, min(whole, self.most * 2)
            _show(done, time.perf_counter() - began)
            if done.is_stopped:
                account_id = self.lease.account_id
                async with self.line.unit_of_work(account_id, purpose=Purpose.RUN_END) as tx:
                    await _stop(tx, account_id, done.run_id)
            if time.monotonic() > look:
                if await self._is_wanted():
                    return True
                look = time.monotonic() + _LOOK_SECONDS
        return False

    async def give_back(self) -> None:
        """Release the lane; silent if it is another's by now."""
        lease = self.lease
        async with self.line.unit_of_work(lease.account_id, purpose=Purpose.RELEASE) as tx:
            await leases.release(tx, lease, is_drained=False)

    async def _portion(self, poison: Poison | None) -> Done | None:
        """One transaction, tried again where another was first."""
        lease = self.lease

        async def attempt(admission: Admission) -> Done | None:
            async with self.line.unit_of_work(
                lease.account_id, purpose=Purpose.IMPORTING, admission=admission
            ) as tx:
                by = self.work.settings.scoring.lease
                portion = await find_portion(tx, lease, by=by, most=self.most)
                if portion is None:
                    return None
                self.place = portion.place
                return await take_portion(tx, portion, poison=poison)

        return await tried(attempt, most=self.work.settings.intake.attempts)

    async def _is_wanted(self) -> bool:
        """Whether the lane has rows that go before those of files."""
        lease = self.lease
        async with self.line.unit_of_work(lease.account_id, purpose=Purpose.CLAIM) as tx:
            await clock.read_business_now(tx)
            return await has_work(tx, lease.account_id, lease.campaign_id)


async def _stop(session: Transaction, account_id: UUID, run_id: UUID) -> None:
    error = StoppedByFailures()
    said = (error.code, error.message)
    await runs.finish(session, account_id, run_id, RunState.FAILED, error=said)


def _lies_in_a_row(error: Exception) -> bool:
    """Whether the same rows would fail again: by their data, or by what nobody foresaw of them."""
    return lies_in_the_data(error) or as_app_error(error) is None


def _show(done: Done, seconds: float) -> None:
    metrics.CHUNKS.labels("import").inc()
    metrics.CHUNK_ROWS.labels("import").inc(done.rows)
    metrics.CHUNK_SECONDS.labels("import").inc(seconds)
