"""Moving the sandbox clock: one due moment after the other, each finished before the next."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from app.core import log
from app.core.failpoints import Purpose
from app.models import INSTALLATION
from app.runs import clock
from app.runs.clock import Advance
from workers.sweep import settle
from workers.work import Work

_log = log.get(__name__)

LOOK_EVERY_SECONDS = 0.2


async def advance_if_asked(work: Work) -> None:
    """Take an advance that waits, and bring business time to its target."""
    async with work.unit_of_work(INSTALLATION, purpose=Purpose.CLOCK) as session:
        advance = await clock.claim(session, lease=work.settings.scoring.lease)
    if advance is None:
        return
    async with _kept(work, advance):
        while not work.is_stopping.is_set():
            await settle(work)
            if await _moved_on(work, advance):
                return


async def _moved_on(work: Work, advance: Advance) -> bool:
    """Move to the next due moment, or to the target; True if the run is over."""
    async with work.unit_of_work(INSTALLATION, purpose=Purpose.CLOCK) as session:
        found = await clock.read(session)
        if found.target is None or found.run_id != advance.run_id:
            return True
        if found.now >= found.target:
            await clock.end(session, advance)
            return True
        async with work.resources.look_everywhere() as connection:
            coming = await clock.next_moment(connection, found.now)
        is_last = coming is None or coming > found.target
        await clock.step(session, advance, found.target if is_last or coming is None else coming)
    return False


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
