"""Every planned moment leaves one line: that it ran, or the first reason that holds."""

from datetime import datetime
from uuid import UUID

import pytest

from app.core.resources import Resources
from app.models import Timetable
from app.models.states import OwnerKind, RunState
from app.notifications.schemas import NotRun
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    a_midnight,
    at,
    end,
    end_all,
    every,
    fires_of,
    next_hour,
    once,
    plan_at,
    reasons_of,
    runs_of,
    scheduled,
    told,
)
from tests.jobs.making import change, done, make, plan

pytestmark = pytest.mark.usefixtures("_roomy")


async def test_a_moment_that_has_come_runs(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    assert await plan_at(resources, tenant, first - SECOND, job) == 0
    assert await plan_at(resources, tenant, first + SECOND, job) == 1
    (fire,) = await fires_of(tenant.http, job)
    (run,) = await runs_of(tenant.http, job)

    assert (fire["outcome"], fire["reason"], at(fire)) == ("ran", None, first)
    assert fire["run_id"] == run["id"]
    assert (run["trigger"], run["state"], run["kind"]) == ("schedule", "queued", "export")
    assert datetime.fromisoformat(run["planned_at"]) == first
    assert run["details"]["source"] == "schedule"


async def test_a_moment_fires_once(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    for late in (SECOND, 2 * SECOND, 3 * SECOND):
        await plan_at(resources, tenant, first + late, job)

    assert await reasons_of(tenant.http, job) == ["ran"]


async def test_the_drawn_minute_is_on_the_run(tenant: Tenant, resources: Resources) -> None:
    day = await a_midnight(resources, tenant)
    slot = {"type": "daily", "hour": 3, "slot": "30-44", "starts_at": day.isoformat()}
    job = await scheduled(tenant.http, slot)

    await plan_at(resources, tenant, day + 4 * HOUR, job)
    (run,) = await runs_of(tenant.http, job)

    assert run["schedule_minute"] == job["schedule"]["minute"]


async def test_paused(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    answer = await change(tenant.http, job, is_paused=True)
    await plan_at(resources, tenant, first, job)
    (fire,) = await fires_of(tenant.http, job)
    await change(tenant.http, job, is_paused=False)
    await plan_at(resources, tenant, first + HOUR, job)

    assert (answer.json()["is_paused"], answer.json()["paused_by"]) == (True, "marketo")
    assert (fire["reason"], fire["by"]) == ("paused", "marketo")
    assert await reasons_of(tenant.http, job) == ["paused", "ran"]


async def test_pausing_what_plans_nothing_is_refused(tenant: Tenant) -> None:
    job = await make(tenant.http)

    answer = await change(tenant.http, job, is_paused=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_scheduled")


async def test_an_expired_job_leaves_what_it_could_not_do(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    ends = (first + HOUR + 30 * MINUTE).isoformat()
    job = await scheduled(tenant.http, every("PT1H", first), never_expires=False, expires_at=ends)

    await plan_at(resources, tenant, first + 5 * HOUR, job)

    assert await reasons_of(tenant.http, job) == ["expired", "expired"]


async def test_blackouts_and_hours(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    span = {"starts_at": first.isoformat(), "ends_at": (first + MINUTE).isoformat()}
    job = await scheduled(tenant.http, every("PT1H", first, blackouts=[span]))

    for hours in range(2):
        await plan_at(resources, tenant, first + hours * HOUR, job)

    assert await reasons_of(tenant.http, job) == ["blackout", "ran"]


async def test_a_long_outage_runs_the_newest_and_tells_of_the_others(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    await plan_at(resources, tenant, first + 5 * HOUR + 29 * MINUTE, job)

    assert await reasons_of(tenant.http, job) == ["missed_window"] * 5 + ["ran"]


async def test_too_late_for_any(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    await plan_at(resources, tenant, first + 31 * MINUTE, job)

    assert await reasons_of(tenant.http, job) == ["missed_window"]


async def test_an_outage_of_a_year_is_told_in_portions(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT5H", first))

    looks = 0
    while await plan_at(resources, tenant, first + 300 * DAY, job):
        looks += 1

    assert looks == 2
    shown = await tenant.http.get("/v1/fires", params={"owner": job["id"], "outcome": "ran"})
    assert len(shown.json()["items"]) == 1


@pytest.mark.parametrize(
    ("minutes", "apart", "outcome"),
    [
        (60, HOUR - SECOND, "gap"),
        (60, HOUR, "ran"),
        (15, 15 * MINUTE - SECOND, "gap"),
        (15, 15 * MINUTE, "ran"),
    ],
)
async def test_two_scheduled_executions_keep_the_plans_gap(
    tenant: Tenant,
    resources: Resources,
    make_tenant: MakeTenant,
    minutes: int,
    apart: object,
    outcome: str,
) -> None:
    """By their planned moments, and inclusive: 1:00 and 2:00 are an hour apart."""
    await plan(make_tenant, tenant, minimum_gap_minutes=minutes)
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, once(first))
    await plan_at(resources, tenant, first, job)
    await end_all(resources, tenant, job)

    second = first + apart  # type: ignore[operator]  # a timedelta, whatever its parameter says
    assert (await change(tenant.http, job, schedule=once(second))).status_code == 200
    await plan_at(resources, tenant, second, job)

    assert await reasons_of(tenant.http, job) == ["ran", outcome]


async def test_unpublished_things_plan_nothing(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    await done(tenant.http, job, "unpublish")
    assert await plan_at(resources, tenant, first + HOUR, job) == 0
    published = await done(tenant.http, job, "publish")

    assert await fires_of(tenant.http, job) == []
    assert datetime.fromisoformat(published["next_fire_at"]) == first


async def test_what_is_due_is_recorded_before_its_schedule_changes(
    tenant: Tenant, resources: Resources
) -> None:
    """The planner had not come by yet; nothing may vanish with the old definition."""
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    async with resources.unit_of_work(tenant.account_id) as session:
        row = await session.get_one(Timetable, (tenant.account_id, OwnerKind.JOB, UUID(job["id"])))
        past = row.planned_until - DAY
        row.schedule = row.schedule | {"starts_at": (past + HOUR).isoformat()}
        row.planned_until, row.next_at = past, past + HOUR

    await change(tenant.http, job, schedule=every("PT2H", first))

    assert len(await fires_of(tenant.http, job)) >= 23


async def test_each_that_did_not_run_is_told(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    await change(tenant.http, job, is_paused=True)

    await plan_at(resources, tenant, first + 2 * HOUR, job)
    events = await told(resources, tenant, "fire.not_run")

    assert [event["reason"] for event in events] == ["paused"] * 3
    for event in events:
        assert set(event) == set(NotRun.model_fields)
        NotRun.model_validate(event)


async def test_failures_in_a_row_pause_a_schedule(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first, pause_after_failures=2))
    for hours, state in enumerate(
        (RunState.FAILED, RunState.SUCCEEDED, RunState.FAILED, RunState.FAILED)
    ):
        await plan_at(resources, tenant, first + hours * HOUR, job)
        await end(resources, tenant, (await runs_of(tenant.http, job))[-1], state)

    await plan_at(resources, tenant, first + 4 * HOUR, job)
    fires = await fires_of(tenant.http, job)

    assert [fire["reason"] for fire in fires] == [None, None, None, None, "paused"]
    assert fires[-1]["details"]["reason"] == "2 runs failed in a row"
