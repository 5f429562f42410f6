"""The sign of life for the outside: one call an interval, and none when nobody plans."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from app.core.driver import driver_of
from app.core.notice_settings import Heartbeat
from app.core.resources import Resources
from tests.mail.making import worker_with
from tests.outbound.servers import Server, saying, serving
from workers.fires import plan
from workers.pulse import beat
from workers.work import Work

HOUR = timedelta(hours=1)


@pytest.fixture
async def watcher() -> AsyncIterator[Server]:
    async with serving(saying("204 No Content")) as server:
        yield server


@pytest.fixture
async def work(resources: Resources, watcher: Server) -> AsyncIterator[Work]:
    """A worker of which the last call of anybody was two hours ago."""
    heartbeat = Heartbeat(url=SecretStr(watcher.at()), interval=HOUR)
    async with worker_with(resources, resources.settings.smtp, heartbeat=heartbeat) as work:
        await _last_call(work, 2 * HOUR)
        yield work


async def test_workers_that_plan_call_once_together(work: Work, watcher: Server) -> None:
    others = [Work(work.resources) for _ in range(3)]
    for one in (work, *others):
        await plan(one)

    await asyncio.gather(*(beat(one) for one in (work, *others)))

    assert len(watcher.heard) == 1
    assert watcher.heard[0].startswith("GET /rows.csv?day=1 ")


async def test_the_next_interval_has_its_call_again(work: Work, watcher: Server) -> None:
    for _ in range(2):
        await plan(work)
        await beat(work)
    await _last_call(work, HOUR + timedelta(seconds=1))
    await plan(work)
    await beat(work)

    assert len(watcher.heard) == 2


async def test_when_nobody_plans_nothing_is_heard(work: Work, watcher: Server) -> None:
    """As with a planner that stands still, whatever else the worker does."""
    calling = asyncio.create_task(beat(work))
    await asyncio.wait({calling}, timeout=0.2)
    silent = list(watcher.heard)

    await plan(work)
    await calling

    assert silent == []
    assert len(watcher.heard) == 1


async def test_a_planner_that_fails_is_no_sign_of_life(
    work: Work, watcher: Server, resources: Resources
) -> None:
    broken = Work(Resources(work.settings))
    await broken.resources.everywhere.dispose()
    broken.resources.everywhere = Resources(
        work.settings.model_copy(
            update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:1/none")}
        )
    ).everywhere

    with pytest.raises(OSError, match="Connect"):
        await plan(broken)

    assert not broken.has_planned.is_set()


async def test_a_watcher_that_is_away_stops_nothing(work: Work) -> None:
    heartbeat = Heartbeat(url=SecretStr("http://127.0.0.1:1/"), interval=HOUR)
    async with worker_with(work.resources, work.settings.smtp, heartbeat=heartbeat) as other:
        await plan(other)
        await beat(other)


async def _last_call(work: Work, ago: timedelta) -> None:
    async with work.resources.unit_of_work(UUID(int=0)) as session:
        await (await driver_of(session)).execute(
            "UPDATE pulse SET sent_at = clock_timestamp() - $1::interval", ago
        )
