"""Runs: claimed under a lease, worked on by their kind, ended or given back.

pending_runs ─▶ claim ─▶ deed of its kind ─▶ the deed ends the run
                           │ renews as it goes, three times in a lease
                           ├ RunLost: somebody else has it, or it is over; leave it alone
                           └ SIGTERM: given back; the next worker goes on where the rows say
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core import log
from app.core.failpoints import Purpose
from app.core.problems import as_app_error
from app.core.resources import Line
from app.imports import runs as imports
from app.imports.staging import Interrupted
from app.models.states import RunKind, RunState
from app.runs import queue
from app.runs.queue import Claimed, RunLost
from workers import code_runs
from workers.batches.running import run_batch
from workers.exports import export_rows
from workers.imports import import_file
from workers.work import Work

_log = log.get(__name__)

Deed = Callable[[Work, Line, Claimed], Awaitable[None]]
# After so many attempts that ended in what nobody foresaw, a run has failed.
MOST_CLAIMS = 20
_BAFFLING = ("internal_error", "Something went wrong on our side; it has been logged.")
DEEDS: dict[RunKind, Deed] = {
    RunKind.IMPORT: import_file,
    RunKind.EXPORT: export_rows,
    RunKind.CODE: code_runs.run_code,
    RunKind.BATCH: run_batch,
}


async def work_on_run(
    work: Work, account_id: UUID, run_id: UUID, *, places: int | None = None
) -> None:
    """Claim a run and do it; steps aside if it is not free, or if its account has no place.

    Args:
        places: runs of one account and kind at work at once; by default those of imports.
    """
    async with work.resources.line() as line:
        lease, places = work.settings.scoring.lease, places or work.settings.imports.running
        async with line.unit_of_work(account_id, purpose=Purpose.RUN_CLAIM) as tx:
            claimed = await queue.claim(
                tx, account_id, run_id, holder=work.holder, lease=lease, places=places
            )
        if claimed is None:
            return
        with log.bound(account_id=str(account_id), run_id=str(run_id)):
            try:
                async with _held(work, claimed):
                    await DEEDS[claimed.kind](work, line, claimed)
            except RunLost:
                _log.warning("run_lost")
            except Interrupted:
                _log.info("run_interrupted")
            except Exception as error:
                # A neighbour that is away will be back; what nobody foresaw would happen again.
                if as_app_error(error) is not None or claimed.token < MOST_CLAIMS:
                    raise
                _log.error("run_given_up", exc_info=True)
                await _give_up(work, line, claimed)
            finally:
                async with line.unit_of_work(account_id, purpose=Purpose.RELEASE) as tx:
                    await queue.release(tx, claimed)


async def _give_up(work: Work, line: Line, claimed: Claimed) -> None:
    if claimed.kind is RunKind.CODE:
        await code_runs.give_up(work, claimed, _BAFFLING[1])
        return
    place = (claimed.account_id, claimed.run_id, RunState.FAILED)
    async with line.unit_of_work(claimed.account_id, purpose=Purpose.RUN_END) as tx:
        await queue.renew(tx, claimed, by=work.settings.scoring.lease)
        if claimed.kind is RunKind.IMPORT:
            await imports.finish(tx, *place, error=_BAFFLING)
        else:
            await queue.end_run(tx, *place, error=_BAFFLING)


@contextlib.asynccontextmanager
async def _held(work: Work, claimed: Claimed) -> AsyncIterator[None]:
    """Renew the lease, three times in its length, while the block is at work.

    Once the run is another's, the block is cancelled and RunLost leaves it.
    """
    lease = work.settings.scoring.lease
    worker = asyncio.current_task()
    is_lost = False

    async def renew() -> None:
        nonlocal is_lost
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            try:
                async with work.unit_of_work(
                    claimed.account_id, purpose=Purpose.RUN_PROGRESS
                ) as session:
                    await queue.renew(session, claimed, by=lease)
            except RunLost:
                is_lost = True
                if worker is not None:
                    worker.cancel()
                return
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("lease_not_renewed", error=type(error).__name__)

    renewing = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if is_lost:
            raise RunLost from None
        raise
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing


class Runs:
    """The runs of some kinds that this process works on, as many at once as it has room for."""

    def __init__(
        self,
        work: Work,
        kinds: Collection[RunKind] = queue.BULK,
        *,
        most: int | None = None,
        places: int | None = None,
    ) -> None:
        """Args:
        most: so many at once in this process; by default as many as of bulk work.
        places: so many at once of one account and kind, in all processes together.
        """
        self._work = work
        self._kinds = kinds
        self._most = most or work.settings.workers.runs
        self._places = places or work.settings.imports.running
        self._at_hand: dict[UUID, asyncio.Task[None]] = {}

    async def look(self) -> int:
        """Begin what is due and free; returns how many runs were found."""
        room = self._most - len(self._at_hand)
        if room <= 0:
            return 0
        async with self._work.resources.look_everywhere() as connection:
            found = await queue.due_runs(
                connection, places=self._places, most=room, kinds=self._kinds
            )
        for account_id, run_id in found:
            self.take_up(account_id, run_id)
        return len(found)

    def take_up(self, account_id: UUID, run_id: UUID) -> None:
        """Begin a run unless this process is at it."""
        if run_id not in self._at_hand and not self._work.is_stopping.is_set():
            self._at_hand[run_id] = asyncio.create_task(self._do(account_id, run_id))

    async def ended(self) -> None:
        """Wait for what is at hand."""
        if self._at_hand:
            await asyncio.wait(self._at_hand.values())

    async def _do(self, account_id: UUID, run_id: UUID) -> None:
        try:
            await work_on_run(self._work, account_id, run_id, places=self._places)
        except Exception:
            # The run stays; once its lease is over somebody tries again.
            _log.warning("run_interrupted", exc_info=True)
            await asyncio.sleep(self._work.settings.scoring.sweep.total_seconds())
        finally:
            self._at_hand.pop(run_id, None)
            # Its place is free, and it may go on itself.
            self._work.bulk_wanted.set()
