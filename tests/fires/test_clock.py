"""Planned moments on the sandbox clock, with a worker that does what becomes due."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from sqlalchemy import text

from app.core.resources import Resources
from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import until
from tests.fires.making import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    every,
    fires_of,
    once,
    runs_of,
    scheduled,
)
from tests.jobs.making import now_of
from workers.fires import plan
from workers.work import Work

pytestmark = pytest.mark.usefixtures("_roomy")


@pytest.fixture
async def _worker(resources: Resources) -> AsyncIterator[None]:
    async with keeping_the_clock(resources):
        yield


async def advance(make_tenant: MakeTenant, by: str) -> None:
    platform = await make_tenant(platform=True, user="operator")
    asked = await platform.http.post("/v1/clock/advance", json={"by": by})
    assert asked.status_code in (200, 202), asked.text

    async def has_arrived() -> bool:
        return not (await platform.http.get("/v1/clock")).json()["is_advancing"]

    await until(has_arrived)


@pytest.mark.usefixtures("_worker")
async def test_every_moment_on_the_way_runs_at_its_time(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    """Half-hours of a day: each fires, and each run is over before the next one."""
    first = await now_of(resources, tenant) + 10 * MINUTE
    job = await scheduled(tenant.http, every("PT30M", first))

    await advance(make_tenant, "P1D")
    fires = await fires_of(tenant.http, job)
    runs = await runs_of(tenant.http, job)

    assert [fire["outcome"] for fire in fires] == ["ran"] * 48
    assert [run["state"] for run in runs] == ["succeeded"] * 48
    for run in runs:
        late = datetime.fromisoformat(run["started_at"]) - datetime.fromisoformat(run["planned_at"])
        assert late < MINUTE


@pytest.mark.usefixtures("_worker")
async def test_what_becomes_due_while_a_moment_is_seen_to_is_the_next_one(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources, database_url: str
) -> None:
    """A run takes real time, in which the clock goes on: what it passes over is not passed by."""
    first = await now_of(resources, tenant) + 10 * MINUTE
    await scheduled(tenant.http, every("PT1H", first), "slow")
    soon = await scheduled(tenant.http, once(first + SECOND), "soon")
    in_the_way = await asyncpg.connect(database_url)
    async with in_the_way.transaction():
        await in_the_way.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        moving = asyncio.create_task(advance(make_tenant, "PT3H"))

        async def is_over() -> bool:
            return await now_of(resources, tenant) > first + SECOND

        await until(is_over)
    await in_the_way.close()
    await moving
    (run,) = await runs_of(tenant.http, soon)

    assert [fire["outcome"] for fire in await fires_of(tenant.http, soon)] == ["ran"]
    late = datetime.fromisoformat(run["started_at"]) - datetime.fromisoformat(run["planned_at"])
    # Five minutes after the first moment comes the next one, a look whether it has succeeded.
    assert late < 4 * MINUTE


@pytest.mark.usefixtures("_worker")
async def test_a_definition_ends_on_the_way(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    now = await now_of(resources, tenant)
    ends = (now + 2 * DAY + 30 * MINUTE).isoformat()
    job = await scheduled(
        tenant.http, every("PT12H", now + HOUR), never_expires=False, expires_at=ends
    )

    await advance(make_tenant, "P4D")
    fires = await fires_of(tenant.http, job)
    gone = await tenant.http.get(f"/v1/jobs/{job['id']}")

    assert [fire["outcome"] for fire in fires] == ["ran"] * 4
    assert gone.status_code == 410


async def test_the_planner_finds_what_is_due_without_a_ring(
    tenant: Tenant, resources: Resources
) -> None:
    first = await now_of(resources, tenant) + HOUR
    job = await scheduled(tenant.http, every("PT1H", first))
    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        await connection.execute(
            text(
                "UPDATE timetables SET next_at = next_at - interval '1 hour',"
                " planned_until = planned_until - interval '1 day', schedule = jsonb_set("
                " schedule, '{starts_at}', to_jsonb(next_at - interval '1 hour'))"
                " WHERE account_id = :account"
            ),
            {"account": tenant.account_id},
        )

    await asyncio.gather(plan(Work(resources)), plan(Work(resources)))

    assert [fire["outcome"] for fire in await fires_of(tenant.http, job)] == ["ran"]
