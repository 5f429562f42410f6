"""What the plan has room for: how many jobs, how long, how often again."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import a_job, change, done, make, plan, read, refused


async def test_the_sixth_job_is_refused_until_one_is_deleted(http: httpx.AsyncClient) -> None:
    jobs = [await make(http, f"job-{number}") for number in range(5)]

    sixth = await http.post("/v1/jobs", json=a_job("job-5"))
    assert refused(sixth, 409, "too_many_jobs") == []
    assert "5" in sixth.json()["detail"]

    await http.delete(f"/v1/jobs/{jobs[0]['id']}")
    assert await make(http, "job-5")


async def test_of_many_jobs_made_at_once_five_are_kept(http: httpx.AsyncClient) -> None:
    for number in range(3):
        await make(http, f"job-{number}")

    answers = await asyncio.gather(
        *(http.post("/v1/jobs", json=a_job(f"more-{number}")) for number in range(12))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 10}
    assert len((await http.get("/v1/jobs")).json()["items"]) == 5


async def test_unpublished_jobs_count(http: httpx.AsyncClient) -> None:
    for number in range(5):
        job = await done(http, await make(http, f"job-{number}"), "publish")
        await done(http, job, "unpublish")

    refused(await http.post("/v1/jobs", json=a_job("job-5")), 409, "too_many_jobs")


async def test_a_larger_plan_has_more_room(tenant: Tenant, make_tenant: MakeTenant) -> None:
    await plan(make_tenant, tenant, jobs=6)

    for number in range(6):
        await make(tenant.http, f"job-{number}")
    refused(await tenant.http.post("/v1/jobs", json=a_job("job-6")), 409, "too_many_jobs")


@pytest.mark.parametrize(
    ("limits", "fields", "faults"),
    [
        ({}, {"retries": 1}, []),
        ({}, {"retries": 2}, [("/retries", "above_plan")]),
        ({}, {"timeout": "PT4H"}, []),
        ({}, {"timeout": "PT4H0.001S"}, [("/timeout", "above_plan")]),
        ({"minutes_per_day": 2_000}, {"timeout": "PT24H"}, []),
        ({"max_retries": 0}, {"retries": 1}, [("/retries", "above_plan")]),
        ({"minutes_per_day": 0}, {}, [("/timeout", "above_plan")]),
        ({"code_jobs": False}, {"kind": "code", "config": {}}, [("/kind", "not_in_plan")]),
        ({"code_jobs": False}, {}, []),
        (
            {"max_retries": 0},
            {"retries": 1, "timeout": "PT5H"},
            [("/timeout", "above_plan"), ("/retries", "above_plan")],
        ),
    ],
)
async def test_a_job_asks_for_no_more_than_the_plan_has(
    tenant: Tenant,
    make_tenant: MakeTenant,
    limits: dict[str, Any],
    fields: dict[str, Any],
    faults: list[tuple[str, str]],
) -> None:
    if limits:
        await plan(make_tenant, tenant, **limits)

    answer = await tenant.http.post("/v1/jobs", json=a_job(**fields))

    if faults:
        assert refused(answer, 422, "invalid_job") == faults
    else:
        assert answer.status_code == 201


async def test_without_a_timeout_a_small_plan_sets_its_own(
    tenant: Tenant, make_tenant: MakeTenant
) -> None:
    await plan(make_tenant, tenant, minutes_per_day=20)

    assert (await make(tenant.http))["timeout"] == "PT20M"


async def test_a_lowered_plan_stops_the_next_publishing_and_no_other_change(
    tenant: Tenant, make_tenant: MakeTenant
) -> None:
    job = await make(tenant.http, retries=1)
    await plan(make_tenant, tenant, minutes_per_day=30, max_retries=0)

    renamed = await change(tenant.http, job, name="other")
    longer = await change(tenant.http, job, timeout="PT31M")
    published = await tenant.http.post(f"/v1/jobs/{job['id']}/publish")

    assert renamed.status_code == 200
    assert refused(longer, 422, "invalid_job") == [("/timeout", "above_plan")]
    assert refused(published, 422, "job_not_publishable") == [
        ("/timeout", "above_plan"),
        ("/retries", "above_plan"),
    ]
    assert (await read(tenant.http, job))["timeout"] == "PT1H"
