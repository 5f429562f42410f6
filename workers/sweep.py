"""The sweep: once a second, everything overdue, with or without Redis.

Never a moving window of minutes: whatever is due and not leased is found, however old. When
more was found than could be started, the next look comes as soon as a lane is free.
"""

import asyncio
import contextlib
import time
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core import log
from app.core.failpoints import Purpose
from app.responses.lanes.due import due_lanes, has_due_lanes
from app.responses.windows.closing import close_ripe, ripe_windows
from workers.deliveries import deliver_due
from workers.fires import settle_fires, settle_overdue, tend_expiries
from workers.groups import settle_groups
from workers.mail import settle_mail
from workers.scoring import drain_lane
from workers.work import Work

_log = log.get(__name__)

_LOOK_AGAIN_SECONDS = 0.05
# Where there was work there is more: without rings this is how a storm is kept up with.
_BUSY_SECONDS = 0.2
# However full, a window goes on filling for so long.
_FILLS_FOR = timedelta(seconds=2)


async def close_windows(work: Work, *, age: timedelta = timedelta()) -> None:
    """Close every window whose time or size has come, of all accounts; see `ripe_windows`."""
    async with work.resources.look_everywhere() as connection:
        ripe = await ripe_windows(connection, age=age)
    for account_id, windows in ripe.items():
        if work.over_windows.passes_over(account_id):
            continue
        async with (
            work.over_windows.watching(account_id),
            work.unit_of_work(account_id, purpose=Purpose.WINDOWS) as session,
        ):
            await close_ripe(session, account_id, windows)


async def settle(work: Work) -> None:
    """Do everything that is due now, and wait for what other workers have at hand.

    A lane whose holder died is waited for until its lease is over.
    """
    while True:
        await close_windows(work)
        await tend_expiries(work)
        await settle_fires(work)
        await settle_groups(work)
        await settle_overdue(work)
        await settle_mail(work)
        async with work.resources.look_everywhere() as connection:
            free = await due_lanes(connection, most=work.settings.workers.lanes)
            is_over = not free and not await has_due_lanes(connection)
        if is_over:
            await deliver_due(work)
            return
        if free:
            await asyncio.gather(*(drain_lane(work, *lane) for lane in free))
        else:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


class Sweep:
    """The loop and the drains it started."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._drains: dict[tuple[UUID, UUID], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Sweep until the process is stopping; then wait for the drains at hand."""
        pause = self._work.settings.scoring.sweep.total_seconds()
        while not self._work.is_stopping.is_set():
            began = time.monotonic()
            found = 0
            try:
                await close_windows(self._work, age=_FILLS_FOR)
                found = await self._start_drains()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("sweep_failed", error=type(error).__name__)
            except Exception:
                # Foreseen or not: without its sweep this worker would be alive and do nothing.
                _log.error("sweep_failed", exc_info=True)
            left = (min(pause, _BUSY_SECONDS) if found else pause) - (time.monotonic() - began)
            await self._rest(max(left, 0.01), until_free=found > self._work.settings.workers.lanes)
        if self._drains:
            await asyncio.wait(self._drains.values())

    async def _start_drains(self) -> int:
        """Start as many drains as there is room for; how many lanes had work, at hand or not."""
        room = self._work.settings.workers.lanes - len(self._drains)
        found = []
        if room > 0:
            async with self._work.resources.look_everywhere() as connection:
                found = await due_lanes(connection, most=room + 1)
        at_hand = len(self._drains)
        for lane in found[:room]:
            if lane not in self._drains:
                self._drains[lane] = asyncio.create_task(self._drain(*lane))
        return at_hand + len(found)

    async def _drain(self, account_id: UUID, campaign_id: UUID) -> None:
        try:
            await drain_lane(self._work, account_id, campaign_id)
        except Exception:
            # The rows stay due; the next sweep finds them.
            _log.warning("drain_failed", exc_info=True)
            await asyncio.sleep(self._work.settings.scoring.sweep.total_seconds())
        finally:
            self._drains.pop((account_id, campaign_id), None)
            self._work.lane_freed.set()

    async def _rest(self, seconds: float, *, until_free: bool) -> None:
        self._work.lane_freed.clear()
        waiting = [asyncio.create_task(self._work.is_stopping.wait())]
        if until_free:
            waiting.append(asyncio.create_task(self._work.lane_freed.wait()))
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
