"""Our arm for batches: participants in a database of its own, gone by in this process or by a
worker.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from app.batches import service as batches
from app.core import clock
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Line, Resources
from app.core.settings import Settings
from app.models.states import BatchName
from tests.bench import penstock
from tests.bench.batches import cadences
from tests.bench.errors import Wrong
from tests.bench.service import Service
from tests.bench.stand import TEMPLATE, Stand
from workers.runs import work_on_run
from workers.work import Work

_ACCOUNT = "SELECT id FROM accounts WHERE name = $1"
_ENDED = "SELECT state, succeeded, skipped, failed FROM runs WHERE id = $1"
_AT_WORK = "SELECT EXISTS (SELECT FROM runs WHERE finished_at IS NULL)"
_UPDATE = """
UPDATE participant_actions SET status = 'on_engage', show_on_today = true, owner = 'rep-1',
       priority = 5, run_id = $3
 WHERE account_id = $1 AND id = ANY ($2::uuid[])
"""


class Crowd:
    """One account's participants, and the same of their actions due again and again."""

    def __init__(self, service: Service, work: Work, line: Line, account_id: UUID) -> None:
        self.service = service
        self.work = work
        self.line = line
        self.account_id = account_id
        self.due: list[UUID] = []

    async def run(self) -> float:
        """Let the batch go by what is due; seconds from the claim of its run to its end.

        Raises:
            Wrong: it did something else than to show all of it.
        """
        await self._make_due()
        return await self._timed(len(self.due))

    async def idle(self) -> float:
        """The same where nothing is due."""
        await self.service.stand.quiet()
        return await self._timed(0)

    async def update(self) -> float:
        """Seconds of one plain UPDATE of the same rows, the commit included."""
        await self._make_due()
        began = time.perf_counter()
        async with self.line.unit_of_work(self.account_id, purpose=Purpose.BATCH) as work:
            place = (self.account_id, self.due, self.account_id)
            done = await work.driver.execute(_UPDATE, *place)
        seconds = time.perf_counter() - began
        if done != f"UPDATE {len(self.due)}":
            raise Wrong(f"{done} instead of {len(self.due)}")
        return seconds

    async def peak_of_a_worker(self) -> int:
        """The most memory of a worker just started that has gone by all that is due."""
        await self._make_due()
        service = self.service
        settings = penstock.settings_of(service.database_url, service.stand.redis_url())
        service.start("worker", "workers.main", settings=settings)
        run_id = await self._force()
        await service.until_done(_AT_WORK, look_every=0.1)
        await self._require(run_id, len(self.due))
        peak = service.processes["worker"].peak_bytes()
        await service.processes.pop("worker").end()
        return peak

    async def _timed(self, shown: int) -> float:
        run_id = await self._force()
        began = time.perf_counter()
        await work_on_run(self.work, self.account_id, run_id)
        seconds = time.perf_counter() - began
        await self._require(run_id, shown)
        return seconds

    async def _make_due(self) -> None:
        stand = self.service.stand
        async with stand.owner(self.service.database_url) as owner:
            await cadences.make_due(owner, self.account_id, self.due)
        await stand.quiet()

    async def _force(self) -> UUID:
        async with self.work.unit_of_work(self.account_id, purpose=Purpose.REQUEST) as session:
            now = clock.business_now(session)
            return await batches.force(
                session, self.account_id, BatchName.LEAD, reason=None, by=penstock.USER, now=now
            )

    async def _require(self, run_id: UUID, shown: int) -> None:
        async with self.work.unit_of_work(self.account_id, purpose=Purpose.READING) as session:
            run = await (await driver_of(session)).fetchrow(_ENDED, run_id)
        if run is None or tuple(run) != ("succeeded", shown, 0, 0):
            raise Wrong(f"a run that had {shown:,} actions to show ended as {run}")


@asynccontextmanager
async def crowd(stand: Stand, *, participants: int, due: int) -> AsyncIterator[Crowd]:
    """That many participants, of whose actions so many are to be due; warmed up."""
    await penstock.prepare(stand)
    async with stand.database(template=TEMPLATE) as url:
        service = Service(stand, url)
        known = penstock.settings_of(url, stand.redis_url())
        names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        values: dict[str, Any] = {name.lower(): known[f"PENSTOCK_{name}"] for name in names}
        async with (
            service.living(),
            Resources(Settings(_env_file=None, **values)) as resources,
            resources.line() as line,
        ):
            async with stand.owner(url) as owner:
                account_id = await owner.fetchval(_ACCOUNT, penstock.ACCOUNT)
                found = Crowd(service, Work(resources), line, account_id)
                await cadences.seed(owner, account_id, participants)
                found.due = await cadences.first_in(owner, account_id, due)
            await found.run()
            yield found
