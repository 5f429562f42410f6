"""Our arm for jobs: workers alone, on a database of its own with as many jobs as wanted."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from tests.bench import penstock
from tests.bench.errors import Wrong
from tests.bench.jobs import timetables
from tests.bench.processes import seconds_of_tree
from tests.bench.service import Service
from tests.bench.stand import TEMPLATE, Stand

_READY = "SELECT count(*) FROM heartbeats WHERE sandbox IS NOT NULL"
_NOW = "SELECT business_now()"
_LEFT = "SELECT EXISTS (SELECT FROM timetables WHERE next_at <= $1)"
_RAN = "SELECT count(*) FROM runs WHERE trigger = 'schedule'"
_DAY, _AHEAD = timedelta(days=1), timedelta(seconds=3)
_START_SECONDS, _LONGEST_SECONDS, _LOOK_SECONDS = 180.0, 60.0, 0.1
# Less than this in a second is what loops do that find nothing.
_IDLE_SECONDS = 0.15
# Not more: each of them is looked at for what is kept no longer, as a worker starts.
ACCOUNTS = 200
# The commit of a line of the ledger is that of its run; the run's own row is written again later.
_LATENESS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(f.xmin) + $1 - f.planned_at)::float8 AS seconds
  FROM fires f WHERE f.outcome = 'ran' ORDER BY 1
"""


class Planners:
    """Workers that are up, and what they fire."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._offset = timedelta()

    async def plan(
        self,
        start: datetime,
        length: timedelta,
        how_many: int,
        *,
        calendar_share: int = 6,
        ahead: timedelta = _AHEAD,
    ) -> None:
        """Plan so many fires from a moment on, which comes that soon after the arm is quiet."""
        moments = timetables.spread(start, length, how_many)
        stand = self.service.stand
        async with stand.owner(self.service.database_url) as owner:
            self._offset = await timetables.move_clock(owner, start - max(ahead, _DAY))
            planned = await timetables.plan(owner, moments, calendar_share=calendar_share)
            await stand.quiet()
            self._offset = await timetables.move_clock(owner, start - ahead)
        if planned != how_many:
            raise Wrong(f"{planned:,} jobs have a timetable")

    async def lateness(self, last: datetime, how_many: int) -> list[float]:
        """Wait until everything up to a moment has run; by how much each was late, in seconds.

        From the planned moment until the commit of its run. Ordered.

        Raises:
            Wrong: one of them did not run, or ran early.
        """
        service = self.service
        async with service.stand.owner(service.database_url) as owner:
            ahead = last - await owner.fetchval(_NOW)
            end = time.monotonic() + _LONGEST_SECONDS + ahead.total_seconds()
            while await owner.fetchval(_LEFT, last):
                if time.monotonic() > end:
                    raise Wrong("timetables stay due")
                service.require_alive()
                await asyncio.sleep(_LOOK_SECONDS)
            found = [row["seconds"] for row in await owner.fetch(_LATENESS, self._offset)]
            ran = await owner.fetchval(_RAN)
        if len(found) != how_many or ran != how_many or found[0] < 0:
            raise Wrong(f"of {how_many:,} fires {len(found):,} ran, in {ran:,} runs, {found[:1]}")
        return found


@asynccontextmanager
async def planners(stand: Stand, *, jobs: int, workers: int = 1) -> AsyncIterator[Planners]:
    """Fresh workers on a fresh database with that many published jobs and no timetable; awake, and
    with nothing to do.
    """
    await penstock.prepare(stand)
    redis_url = stand.redis_url()
    async with stand.database(template=TEMPLATE) as url:
        service = Service(stand, url)
        async with stand.owner(url) as owner:
            await timetables.seed_jobs(owner, jobs, accounts=ACCOUNTS)
        async with service.living():
            for number in range(1, workers + 1):
                settings = penstock.settings_of(url, redis_url)
                service.start(f"worker {number}", "workers.main", settings=settings)
            await _until_ready(service, workers)
            yield Planners(service)


async def _until_ready(service: Service, workers: int) -> None:
    """Wait until all have looked at their sandbox, and at what is kept no longer."""
    until = time.monotonic() + _START_SECONDS
    while await service.stand.ask(service.database_url, _READY) < workers:
        _require_time(service, until)
        await asyncio.sleep(_LOOK_SECONDS)
    used = _IDLE_SECONDS
    while used >= _IDLE_SECONDS:
        _require_time(service, until)
        before = cpu_seconds(service)
        await asyncio.sleep(1.0)
        used = cpu_seconds(service) - before


def cpu_seconds(service: Service) -> float:
    """What the processes of an arm and all of PostgreSQL have used by now."""
    server = service.stand.postgres.pid
    assert server is not None
    ours = {process.pid for process in service.processes.values()}
    return sum(seconds_of_tree(server, ours))


def _require_time(service: Service, until: float) -> None:
    service.require_alive()
    if time.monotonic() > until:
        raise Wrong("the workers do not come up")
