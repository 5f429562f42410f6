"""Draining a lane: claim it, do chunk after chunk, give it back.

claim ──▶ score a chunk ──▶ resolve a chunk ──▶ … nothing due ──▶ end the run, release
             │                                   └ turn over ──▶ release, the run stays open
             ├ data error: halve, until the one row stands alone and is set aside
             └ lease lost: stop; another worker goes on with the same run
"""

import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from app.core import clock, log, metrics
from app.core.driver import Transaction, driver_of
from app.core.failpoints import Purpose
from app.core.resources import Line
from app.core.statements import Parts
from app.models.states import RunKind, RunTrigger, Stage
from app.responses.lanes import lease as leases
from app.responses.lanes.chunk import Chunk, Taken
from app.responses.lanes.due import due_for_resolution, due_for_scoring, has_work, taken_again
from app.responses.lanes.lease import Lease, LeaseLost, Terms
from app.responses.lanes.resolving import resolve_chunk
from app.responses.lanes.scoring import score_chunk
from app.responses.lanes.setting_aside import lies_in_the_data, set_aside
from app.runs import ledger
from app.runs.tally import Tally
from workers.work import Work

_log = log.get(__name__)

StageChunk = Callable[[Transaction, Lease, Terms, Taken], Awaitable[Chunk]]
_CHUNK_OF: dict[Stage, StageChunk] = {
    Stage.SCORING: score_chunk,
    Stage.RESOLUTION: resolve_chunk,
}
_PURPOSE = {Stage.SCORING: Purpose.SCORING, Stage.RESOLUTION: Purpose.RESOLUTION}
_DUE = {Stage.SCORING: due_for_scoring, Stage.RESOLUTION: due_for_resolution}


async def drain_lane(work: Work, account_id: UUID, campaign_id: UUID) -> None:
    """Do what is due in a lane, for at most one turn.

    Steps aside if another worker has it; where nothing is due, it leaves no run.
    """
    async with work.lanes, work.resources.line() as line:
        drain = await _claim(work, line, account_id, campaign_id)
        if drain is None:
            return
        run_id = str(drain.lease.run_id)
        with log.bound(account_id=str(account_id), run_id=run_id):
            try:
                is_drained = await drain.work_for_a_turn()
                await drain.release(is_drained=is_drained)
            except LeaseLost:
                metrics.LEASES_LOST.inc()
                _log.warning("lease_lost")
            except Exception:
                # Not the data's fault, so nobody need wait for the lease to run out.
                with contextlib.suppress(Exception):
                    await drain.release(is_drained=False)
                raise
    work.lane_freed.set()


async def _claim(work: Work, line: Line, account_id: UUID, campaign_id: UUID) -> "Drain | None":
    async with line.unit_of_work(account_id, purpose=Purpose.CLAIM, in_order=True) as session:
        now = await clock.read_business_now(session)
        if not await has_work(session, account_id, campaign_id):
            return None
        claimed = await leases.claim(
            session,
            account_id,
            campaign_id,
            holder=work.holder,
            lease=work.settings.scoring.lease,
        )
        if claimed is None:
            return None
        token, run_id = claimed.token, claimed.run_id
        if run_id is not None:
            tally = await ledger.tally_of(session, account_id, run_id)
            return Drain(work, line, Lease(account_id, campaign_id, token, run_id), tally)
        run_id = await ledger.open_run(
            session,
            account_id,
            RunKind.SCORING,
            trigger=RunTrigger.API,
            subject_id=campaign_id,
            requested_by=None,
            now=now,
        )
        lease = Lease(account_id, campaign_id, token, run_id)
        await leases.set_run(session, lease)
        return Drain(work, line, lease, Tally())


async def _taken(
    session: Transaction, stage: Stage, lease: Lease, terms: Terms, again: Taken | None
) -> Taken:
    """What is due next; or the rows of a chunk that failed, as far as they can be locked again."""
    if again is None:
        return await _DUE[stage](session, lease, terms)
    return await taken_again(session, lease, again) if stage is Stage.SCORING else again


@dataclass(slots=True)
class Drain:
    """One worker's turn at one lane; the tally is what has been committed."""

    work: Work
    line: Line
    lease: Lease
    tally: Tally

    async def work_for_a_turn(self) -> bool:
        """Chunk after chunk; True if nothing is due any more, False if the turn is over."""
        end = time.monotonic() + self.work.settings.scoring.turn.total_seconds()
        while True:
            scored = await self._chunk(Stage.SCORING)
            resolved = await self._chunk(Stage.RESOLUTION)
            if not scored and not resolved:
                return True
            if time.monotonic() >= end or self.work.is_stopping.is_set():
                return False

    async def release(self, *, is_drained: bool) -> None:
        """Give the lane back; a drained one ends its run."""
        lease = self.lease
        purpose = Purpose.RELEASE
        async with self.line.unit_of_work(lease.account_id, purpose=purpose) as session:
            terms = await leases.renew(session, lease, by=self.work.settings.scoring.lease)
            if is_drained:
                await ledger.end_run(
                    session, lease.account_id, lease.run_id, self.tally, now=terms.now
                )
            await leases.release(session, lease, is_drained=is_drained)

    async def _chunk(self, stage: Stage, again: Taken | None = None) -> int:
        """One transaction of one stage, or what becomes of it when its data will not go in.

        Returns how many rows were dealt with; 0 when nothing is due.
        """
        began = time.perf_counter()
        taken = again or Taken([])
        account_id, purpose = self.lease.account_id, _PURPOSE[stage]
        try:
            async with self.line.unit_of_work(
                account_id, purpose=purpose, in_order=True
            ) as session:
                terms = await leases.renew(session, self.lease, by=self.work.settings.scoring.lease)
                taken = await _taken(session, stage, self.lease, terms, again)
                if not taken.ids:
                    return 0
                chunk = await _CHUNK_OF[stage](session, self.lease, terms, taken)
                tally = self._counted(chunk, time.perf_counter() - began)
                ledger.count(chunk.writes, account_id, self.lease.run_id, tally)
                await chunk.writes.write(await driver_of(session))
        except Exception as error:
            if not lies_in_the_data(error):
                raise
            return await self._halve(stage, taken, error)
        self.tally = tally
        metrics.CHUNKS.labels(stage.value).inc()
        metrics.CHUNK_ROWS.labels(stage.value).inc(chunk.rows)
        metrics.CHUNK_SECONDS.labels(stage.value).inc(time.perf_counter() - began)
        return chunk.rows + chunk.waiting

    async def _halve(self, stage: Stage, taken: Taken, error: Exception) -> int:
        if len(taken.ids) == 1:
            await self._set_aside(stage, taken.ids[0], error)
            return 1
        first, second = taken.halves()
        return await self._chunk(stage, first) + await self._chunk(stage, second)

    async def _set_aside(self, stage: Stage, response_id: UUID, error: Exception) -> None:
        tally = self.tally.plus(failed=1)
        account_id, purpose = self.lease.account_id, Purpose.SETTING_ASIDE
        async with self.line.unit_of_work(account_id, purpose=purpose) as session:
            terms = await leases.renew(session, self.lease, by=self.work.settings.scoring.lease)
            await set_aside(session, self.lease, stage, response_id, error, now=terms.now)
            writes = Parts()
            ledger.count(writes, account_id, self.lease.run_id, tally)
            await writes.write(await driver_of(session))
        self.tally = tally
        metrics.FAILED_ROWS.labels(stage.value).inc()
        _log.warning("row_set_aside", stage=stage.value, response_id=str(response_id))

    def _counted(self, chunk: Chunk, seconds: float) -> Tally:
        """A response counts once, when it is resolved; one that waits for its grace is skipped."""
        is_final = chunk.stage is Stage.RESOLUTION
        return self.tally.plus(
            succeeded=chunk.rows if is_final else 0,
            skipped=chunk.waiting,
            stage=chunk.stage.value,
            rows=chunk.rows,
            seconds=seconds,
            by_status={status.value: n for status, n in chunk.by_status.items()},
        )
