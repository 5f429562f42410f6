"""What becomes of a planned moment while the run before is at work: four policies."""

from uuid import UUID

import pytest

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.runs import queue
from tests.conftest import Tenant
from tests.fires.making import (
    HOUR,
    MINUTE,
    end,
    every,
    fires_of,
    next_hour,
    plan_at,
    reasons_of,
    runs_of,
    scheduled,
)
from tests.jobs.making import Json

pytestmark = pytest.mark.usefixtures("_roomy")


async def with_overlap(tenant: Tenant, resources: Resources, overlap: str, hours: int) -> Json:
    """A job whose first run goes on while `hours` more moments come."""
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first, overlap=overlap))
    for passed in range(hours + 1):
        await plan_at(resources, tenant, first + passed * HOUR, job)
    return job


async def claimable(resources: Resources, tenant: Tenant, job: Json) -> list[bool]:
    """Which of the job's runs a worker could begin now, oldest first; all of them are due."""
    found = []
    async with resources.unit_of_work(tenant.account_id, purpose=Purpose.RUN_CLAIM) as session:
        driver = await driver_of(session)
        await driver.execute("UPDATE pending_runs SET due_at = '-infinity'")
        for run in await runs_of(tenant.http, job):
            await driver.execute("SAVEPOINT look")
            claimed = await queue.claim(
                *(session, tenant.account_id, UUID(run["id"])),
                holder="test",
                lease=MINUTE,
                places=10,
            )
            await driver.execute("ROLLBACK TO SAVEPOINT look")
            found.append(claimed is not None)
    return found


async def test_skip(tenant: Tenant, resources: Resources) -> None:
    job = await with_overlap(tenant, resources, "skip", 2)
    (run,) = await runs_of(tenant.http, job)

    assert await reasons_of(tenant.http, job) == ["ran", "overlap", "overlap"]
    assert (await fires_of(tenant.http, job))[1]["details"] == {"other_run_id": run["id"]}


async def test_buffer_one(tenant: Tenant, resources: Resources) -> None:
    job = await with_overlap(tenant, resources, "buffer_one", 2)

    assert await reasons_of(tenant.http, job) == ["ran", "ran", "overlap"]


async def test_buffer_all(tenant: Tenant, resources: Resources) -> None:
    job = await with_overlap(tenant, resources, "buffer_all", 3)

    assert await reasons_of(tenant.http, job) == ["ran"] * 4


async def test_a_buffered_run_waits_for_those_before_it(
    tenant: Tenant, resources: Resources
) -> None:
    job = await with_overlap(tenant, resources, "buffer_all", 2)

    before = await claimable(resources, tenant, job)
    await end(resources, tenant, (await runs_of(tenant.http, job))[0])
    after = await claimable(resources, tenant, job)

    assert before == [True, False, False]
    assert after == [False, True, False]


async def test_workers_are_not_shown_what_waits(tenant: Tenant, resources: Resources) -> None:
    job = await with_overlap(tenant, resources, "buffer_all", 2)
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        await driver.execute("UPDATE pending_runs SET due_at = '-infinity'")

    async with resources.look_everywhere() as connection:
        due = await queue.due_runs(connection, places=10, most=1_000)

    mine = [run_id for account_id, run_id in due if account_id == tenant.account_id]
    assert mine == [UUID((await runs_of(tenant.http, job))[0]["id"])]


async def test_cancel_other(tenant: Tenant, resources: Resources) -> None:
    job = await with_overlap(tenant, resources, "cancel_other", 1)
    first, second = await runs_of(tenant.http, job)

    assert await reasons_of(tenant.http, job) == ["ran", "ran"]
    assert (first["state"], second["state"]) == ("cancelled", "queued")
    assert (await fires_of(tenant.http, job))[1]["details"] == {"other_run_id": first["id"]}


async def test_after_an_outage_buffer_all_runs_each_that_is_in_time(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    schedule = every("PT1H", first, overlap="buffer_all", catch_up="PT2H")
    job = await scheduled(tenant.http, schedule)

    await plan_at(resources, tenant, first + 4 * HOUR + MINUTE, job)

    assert await reasons_of(tenant.http, job) == ["missed_window"] * 3 + ["ran"] * 2


@pytest.mark.parametrize("overlap", ["skip", "buffer_one", "buffer_all", "cancel_other"])
async def test_whatever_the_policy_a_run_that_has_ended_is_no_overlap(
    tenant: Tenant, resources: Resources, overlap: str
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first, overlap=overlap))
    for passed in range(3):
        await plan_at(resources, tenant, first + passed * HOUR, job)
        await end(resources, tenant, (await runs_of(tenant.http, job))[-1])

    assert await reasons_of(tenant.http, job) == ["ran"] * 3
    assert [run["state"] for run in await runs_of(tenant.http, job)] == ["succeeded"] * 3
