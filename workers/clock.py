"""Moving the sandbox clock: one due moment after the other, each finished before the next."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from app.core import log
from app.core.clock import business_now
from app.core.failpoints import Purpose
from app.models import INSTALLATION
from app.models.states import RunKind
from app.runs import clock
from app.runs.clock import Advance
from app.runs.of_jobs import due_runs_of_jobs
from app.runs.queue import BULK
from workers.deliveries import deliver_due
from workers.fires import settle_overdue
from workers.groups import advance_due
from workers.mail import settle_mail
from workers.runs import Runs
from workers.sweep import settle
from workers.work import Work

_log = log.get(__name__)

LOOK_EVERY_SECONDS = 0.2
_TAKEN_UP = (*BULK, RunKind.BATCH)
_LOOK_AGAIN_SECONDS, _ASK_AGAIN_SECONDS = 0.01, 0.2
# For so long, in real time, a moment waits while none of its runs ends; then they take long.
_PATIENCE_SECONDS = 5.0


async def advance_if_asked(work: Work) -> None:
    """Take an advance that waits, and bring business time to its target."""
    async with work.unit_of_work(INSTALLATION, purpose=Purpose.CLOCK) as session:
        advance = await clock.claim(session, lease=work.settings.scoring.lease)
        reached: datetime | None = business_now(session)
    if advance is None:
        return
    async with _kept(work, advance), _company(work) as company:
        while reached is not None and not work.is_stopping.is_set():
            await settle(work)
            had_any = await company.finish()
            # What has ended may have something to say, or be expected again.
            await settle_overdue(work)
            await settle_mail(work)
            if had_any:
                # What they had to tell belongs to this moment, not to the next one.
                await deliver_due(work)
            reached = await _moved_on(work, advance, reached)


class Company:
    """Runs of jobs that become due on the way: each moment's are over before the next one.

    Those that were at work before are not waited for, nor those that take long: they age with the
    clock.
    """

    def __init__(self, work: Work, at_work: set[UUID]) -> None:
        self._work = work
        self._runs = Runs(work)
        self._left = at_work

    async def finish(self) -> bool:
        """Have what is due begun, by whomever, and wait until it is over, or does not end soon;
        whether there was anything.
        """
        had_any, left = False, 0
        moved = ask_at = time.monotonic()
        while True:
            # A step of a group that has ended leaves a call, and its next one is due at once.
            moved_on = await advance_due(self._work)
            found = await self._due()
            if not moved_on and not found:
                return had_any
            had_any = True
            now = time.monotonic()
            if len(found) < left:
                # One has ended: perhaps a place of its account is free.
                moved = ask_at = now
            if now > moved + _PATIENCE_SECONDS:
                self._left |= {run_id for _, run_id, _ in found}
                break
            if now >= ask_at:
                # Another worker may have one, or its account no place: asked for now and then.
                ask_at = now + _ASK_AGAIN_SECONDS
                for account_id, run_id, kind in found:
                    # Code is for workers that are fit for it; they look for it themselves.
                    if kind in _TAKEN_UP:
                        self._runs.take_up(account_id, run_id)
            left = len(found)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return had_any

    async def ended(self) -> None:
        """Wait for what this process has begun of them."""
        await self._runs.ended()

    async def _due(self) -> list[tuple[UUID, UUID, RunKind]]:
        async with self._work.resources.look_everywhere() as connection:
            found = await due_runs_of_jobs(connection)
        return [one for one in found if one[1] not in self._left]


@contextlib.asynccontextmanager
async def _company(work: Work) -> AsyncIterator[Company]:
    async with work.resources.look_everywhere() as connection:
        at_work = {run_id for _, run_id, _ in await due_runs_of_jobs(connection, begun=True)}
    company = Company(work, at_work)
    yield company
    await company.ended()


async def _moved_on(work: Work, advance: Advance, done: datetime) -> datetime | None:
    """Move to the next due moment, or to the target; where time stands then, None if it is over.

    All that was due by `done` has been seen to. Time went on by itself meanwhile, and what became
    due by that is the next moment, not one that has been.
    """
    async with work.unit_of_work(INSTALLATION, purpose=Purpose.CLOCK) as session:
        found = await clock.read(session)
        if found.target is None or found.run_id != advance.run_id:
            return None
        if done >= found.target:
            await clock.end(session, advance)
            return None
        async with work.resources.look_everywhere() as connection:
            coming = await clock.next_moment(connection, done)
        moment = found.target if coming is None else min(coming, found.target)
        return await clock.step(session, advance, moment)


@contextlib.asynccontextmanager
async def _kept(work: Work, advance: Advance) -> AsyncIterator[None]:
    """Renew the lease, three times in its length, while the block is at work."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(advance.lease.total_seconds() / 3)
            async with work.unit_of_work(INSTALLATION, purpose=Purpose.CLOCK) as session:
                if not await clock.keep(session, advance):
                    _log.warning("clock_lease_lost")
                    return

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
