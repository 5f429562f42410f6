"""Processes killed at each place where one can be: nothing lost, nothing twice.

Whoever adds a purpose has added its failpoints, and with them its tests here.
"""

import asyncio
import signal
from itertools import chain

import pytest

from app.core import failpoints
from app.core.failpoints import Moment, Purpose, place
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.scenario import Story
from tests.faults.services import Door, worker
from tests.notifications.receiving import receiving

# The first time is often before anything was at stake.
LATER = {
    Purpose.REQUEST: 7,
    Purpose.INTAKE: 5,
    Purpose.SCORING: 3,
    Purpose.RESOLUTION: 2,
    Purpose.READING: 2,
    Purpose.IMPORTING: 3,
}
_TIMES = {place(purpose, Moment.BEFORE): n for purpose, n in LATER.items()}
# Who dies before a commit leaves the same work to whoever comes next, which dies after it.
DEATHS = [
    (failpoints.OUTBOX,),
    *(tuple(place(purpose, moment) for moment in Moment) for purpose in Purpose),
]


def test_there_is_a_death_at_every_failpoint() -> None:
    assert sorted(chain.from_iterable(DEATHS)) == sorted(failpoints.names())


@pytest.mark.parametrize("deaths", DEATHS, ids=lambda deaths: deaths[0].partition(".")[0])
async def test_processes_killed_there_lose_nothing_and_do_nothing_twice(
    ground: Ground, deaths: tuple[str, ...]
) -> None:
    quick = {
        "PENSTOCK_SANDBOX": "true",
        "PENSTOCK_SCORING__LEASE": "PT1S",
        "PENSTOCK_IMPORTS__CHUNK_ROWS": "20",
        "PENSTOCK_SMTP__TIMEOUT": "PT1S",
        # Nobody listens there.
        "PENSTOCK_HEARTBEAT__URL": "http://127.0.0.1:1/",
        "PENSTOCK_WEBHOOKS__ALLOW_PRIVATE": "true",
        "PENSTOCK_WEBHOOKS__TIMEOUT": "PT1S",
    }
    armed = [{"PENSTOCK_FAILPOINT": f"{name}:{_TIMES.get(name, 1)}"} for name in deaths]
    door, hand = Door(ground.processes, **quick), worker(ground.processes, **quick)
    async with receiving() as hook:
        story = Story(ground, door, hook=hook.url())
        try:
            await door.start(*armed)
            await story.before_the_workers()
            async with asyncio.TaskGroup() as together:
                together.create_task(hand.start(*armed))
                together.create_task(story.with_the_workers())
            await settled(ground.database_url)
        finally:
            await story.end()
            await door.end()
            await hand.end()

    died = [*zip(deaths, door.endings, strict=False), *zip(deaths, hand.endings, strict=False)]
    missed = set(deaths) - {name for name, ending in died if ending == -signal.SIGKILL}
    assert not missed, "nobody came by"
    await check(ground.database_url, story.ledger)
    delivered = await ground.fetch("SELECT event_id::text AS id FROM deliveries")
    assert {got.headers["webhook-id"] for got in hook.got} == {one["id"] for one in delivered}
    # Whatever came twice came as it was.
    assert len({got.body for got in hook.got}) == len(delivered)
