"""One lane of ours, drained in this process by the worker's own functions on real resources."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.resources import Line, Resources
from app.core.settings import Scoring, Settings
from tests.bench import penstock, seeding
from tests.bench.errors import Wrong
from tests.bench.sample import TEN_RULES
from tests.bench.service import Service
from tests.bench.stand import Stand
from workers import scoring
from workers.scoring import Drain
from workers.work import Work

_PLACE = """
SELECT c.account_id, c.id AS campaign_id, u.id AS user_id
  FROM campaigns c JOIN users u ON u.account_id = c.account_id AND u.name = $1
"""


class Lane:
    """The lane of the one campaign of one of our arms."""

    def __init__(self, stand: Stand, service: Service, work: Work, line: Line, crowd: int) -> None:
        self.stand = stand
        self.work = work
        self.line = line
        self._url = service.database_url
        self._crowd = crowd
        self._rounds = 0
        self.account_id = self.campaign_id = self.user_id = UUID(int=0)

    async def seed(self, *, whole_crowd: bool = False, has_past: bool = False) -> int:
        """People, and a resolved past if wanted; how many responses there are now."""
        rows = 0
        async with self.stand.owner(self._url) as owner:
            place = await owner.fetchrow(_PLACE, penstock.USER)
            if place is None:
                raise Wrong("the arm has no campaign")
            self.account_id, self.campaign_id, self.user_id = place
            await seeding.people(owner, self.account_id, crowd=self._crowd, whole=whole_crowd)
            if has_past:
                rows = await seeding.past(owner, self.account_id, self.campaign_id, self.user_id)
            await seeding.settle(owner)
        return rows

    async def warm_up(self, how_many: int) -> None:
        """Drain once, and let the planner know the tables as they are from now on."""
        await self.drained(how_many)
        async with self.stand.owner(self._url) as owner:
            await seeding.settle(owner)

    async def fill(self, how_many: int) -> list[UUID]:
        """Make so many rows due, of the same people in every arm; in the order they are due."""
        self._rounds += 1
        chosen = seeding.members(self._crowd, how_many, seed=self._rounds)
        place = (self.account_id, self.campaign_id, self.user_id)
        async with self.stand.owner(self._url) as owner:
            return await seeding.due(owner, *place, chosen)

    async def claim(self) -> Drain:
        """Take the lane, as a worker does.

        Raises:
            Wrong: it is taken, or nothing is due.
        """
        drain = await scoring._claim(self.work, self.line, self.account_id, self.campaign_id)
        if drain is None:
            raise Wrong("the lane cannot be claimed")
        return drain

    async def drained(self, how_many: int) -> float:
        """Fill the lane and drain it, chunk after chunk; seconds a row for both stages."""
        await self.fill(how_many)
        await self.stand.quiet()
        drain = await self.claim()
        began = time.perf_counter()
        is_drained = await drain.work_for_a_turn()
        seconds = time.perf_counter() - began
        await drain.release(is_drained=is_drained)
        if not is_drained or drain.tally.succeeded != how_many or drain.tally.failed:
            raise Wrong(f"of {how_many} rows the lane has done {drain.tally}")
        await self.require_nothing_due()
        return seconds / how_many

    async def require_nothing_due(self) -> None:
        if await self.stand.ask(self._url, penstock.PENDING):
            raise Wrong("rows of a drained lane are unresolved")


@asynccontextmanager
async def lane(
    stand: Stand,
    *,
    crowd: int,
    rows_a_chunk: int = 200,
    rules: Sequence[Mapping[str, Any]] = TEN_RULES,
) -> AsyncIterator[Lane]:
    """An arm whose API has only set it up; its lane is drained by this process."""
    settings = {
        "scoring_batch_size": rows_a_chunk,
        "evaluation_batch_size": rows_a_chunk,
        "repeat_limit": 10_000,
    }
    async with penstock.penstock(stand, settings=settings, rules=rules) as service:
        known = penstock.settings_of(service.database_url, stand.redis_url())
        # One turn for the whole of it: what is measured is the chunks.
        turn = Scoring(turn=timedelta(minutes=10))
        names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        values: dict[str, Any] = {name.lower(): known[f"PENSTOCK_{name}"] for name in names}
        settings_in_process = Settings(_env_file=None, scoring=turn, **values)
        async with Resources(settings_in_process) as resources, resources.line() as line:
            yield Lane(stand, service, Work(resources), line, crowd)
