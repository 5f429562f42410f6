"""That a day is used up is told once a day, whatever was refused first, and however often."""

import asyncio

import pytest

from app.core.resources import Resources
from app.notifications.schemas import UsedUp
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    ROOMY,
    a_midnight,
    end_all,
    every,
    plan_at,
    reasons_of,
    scheduled,
    told,
)
from tests.fires.test_starting import force, run
from tests.jobs.making import Json, make_it_noon, plan, published

EVENT = "quota.exhausted"


@pytest.mark.parametrize(
    ("limits", "reason", "limit"),
    [
        ({"executions_per_day": 1}, "quota_executions", 1),
        ({"minutes_per_day": 60, "quota_mode": "reserve"}, "quota_minutes", 60),
    ],
)
async def test_the_first_refusal_of_a_day_tells_of_it_and_no_other(
    tenant: Tenant,
    make_tenant: MakeTenant,
    resources: Resources,
    limits: Json,
    reason: str,
    limit: int,
) -> None:
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, **(ROOMY | limits))
    one, two = [await published(tenant.http, name, timeout="PT1H") for name in ("one", "two")]
    assert (await run(tenant.http, one)).status_code == 202
    before = await told(resources, tenant, EVENT)
    answers = [await run(tenant.http, two), await force(tenant.http, two)]

    assert before == []
    assert [answer.status_code for answer in answers] == [429, 429]
    assert len(await told(resources, tenant, "run.refused")) == 2
    (event,) = await told(resources, tenant, EVENT)
    UsedUp.model_validate(event)
    today = (await tenant.http.get("/v1/account/limits")).json()
    assert event == {
        "day": today["day"],
        "reason": reason,
        "limit": limit,
        "job_id": two["id"],
        "resets_at": today["resets_at"].replace("Z", "+00:00"),
    }


async def test_one_jobs_calls_are_not_the_accounts_day(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, **(ROOMY | {"invocations_per_job": 1}))
    job = await published(tenant.http)
    codes = [(await run(tenant.http, job)).status_code for _ in range(2)]

    assert codes == [202, 429]
    assert await told(resources, tenant, EVENT) == []


async def test_many_refused_at_once_tell_once(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, **(ROOMY | {"executions_per_day": 1}))
    jobs = [await published(tenant.http, f"job-{number}") for number in range(6)]
    answers = await asyncio.gather(*(run(tenant.http, job) for job in jobs))

    assert sorted(answer.status_code for answer in answers) == [202, *[429] * 5]
    assert len(await told(resources, tenant, EVENT)) == 1


async def test_planned_moments_tell_of_each_day(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | {"executions_per_day": 1}))
    day = await a_midnight(resources, tenant)
    jobs = [await scheduled(tenant.http, every("PT1H", day), name) for name in ("one", "two")]
    for hours in (0, 1, 24):
        await plan_at(resources, tenant, day + hours * HOUR, *jobs)
        for job in jobs:
            await end_all(resources, tenant, job)

    reasons = [reason for job in jobs for reason in await reasons_of(tenant.http, job)]
    assert (reasons.count("ran"), reasons.count("quota_executions")) == (2, 4)
    days = [event["day"] for event in await told(resources, tenant, EVENT)]
    assert days == [day.date().isoformat(), (day + DAY).date().isoformat()]
