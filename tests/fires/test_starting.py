"""Runs that somebody asks for: by call, by force; and the gate of the day before all of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.accounts.queries import get_account
from app.accounts.quotas import service as quotas
from app.core import clock
from app.core.resources import Resources
from app.jobs.starting import held_in
from app.models import Run, Upload
from app.notifications.schemas import Refused
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    ROOMY,
    a_midnight,
    end_all,
    every,
    next_hour,
    once,
    plan_at,
    reasons_of,
    runs_of,
    scheduled,
    told,
)
from tests.jobs.making import (
    IMPORT,
    Json,
    add_version,
    change,
    done,
    make,
    make_it_noon,
    plan,
    published,
)


async def run(http: httpx.AsyncClient, job: Json, body: Any = None, **query: str) -> httpx.Response:
    return await http.post(f"/v1/jobs/{job['id']}/runs", json={"body": body}, params=query)


async def force(http: httpx.AsyncClient, job: Json, reason: str | None = None) -> httpx.Response:
    return await http.post(f"/v1/jobs/{job['id']}/force", json={"reason": reason})


async def a_code_job(tenant: Tenant, resources: Resources, **fields: Any) -> Json:
    job = await make(tenant.http, kind="code", config={}, **fields)
    for number in (1, 2):
        await add_version(resources, tenant, job, number)
    await tenant.http.post(f"/v1/jobs/{job['id']}/versions/2/activate")
    return await done(tenant.http, job, "publish")


async def details_of(resources: Resources, tenant: Tenant, shown: Json) -> Json:
    async with resources.unit_of_work(tenant.account_id) as session:
        return (await session.get_one(Run, (tenant.account_id, UUID(shown["id"])))).details


async def test_a_call_starts_a_run(tenant: Tenant, resources: Resources) -> None:
    job = await a_code_job(tenant, resources)

    answer = await run(tenant.http, job, {"list": [1, None]}, segment="vip", x="1")
    started = answer.json()

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/runs/{started['id']}"
    assert (started["trigger"], started["requested_by"]) == ("api", "marketo")
    assert (started["kind"], started["state"], started["job_id"]) == ("code", "queued", job["id"])
    assert await details_of(resources, tenant, started) == {
        "body": {"list": [1, None]},
        "query": {"segment": "vip", "x": "1"},
        "source": "api",
        "version": 2,
    }
    assert "body" not in started["details"]


async def test_a_call_needs_no_body(tenant: Tenant) -> None:
    job = await published(tenant.http)

    assert (await tenant.http.post(f"/v1/jobs/{job['id']}/runs")).status_code == 202


async def test_a_call_is_repeated_under_its_key(tenant: Tenant) -> None:
    job = await published(tenant.http)
    place, key = f"/v1/jobs/{job['id']}/runs", {"Idempotency-Key": "once"}

    first = await tenant.http.post(place, json={}, headers=key)
    second = await tenant.http.post(place, json={}, headers=key)

    assert first.json() == second.json()
    assert len(await runs_of(tenant.http, job)) == 1


@pytest.mark.parametrize("body", ["\x00", "x" * 70_000, [[[[[[[[[[[]]]]]]]]]]]])
async def test_a_body_that_cannot_be_kept_is_refused(tenant: Tenant, body: Any) -> None:
    job = await published(tenant.http)

    assert (await run(tenant.http, job, body)).status_code == 422


async def test_a_query_that_cannot_be_kept_is_refused(tenant: Tenant) -> None:
    job = await published(tenant.http)

    assert (await run(tenant.http, job, None, x="\x00")).status_code == 422


async def test_what_cannot_be_called(tenant: Tenant) -> None:
    draft = await make(tenant.http, "draft")
    weekly = {"type": "weekly", "weekdays": ["mon"], "at": ["02:30"]}
    planned = await published(tenant.http, "planned", ad_hoc=False, schedule=weekly)

    answers = [await run(tenant.http, job) for job in (draft, planned)]
    forced = [await force(tenant.http, job) for job in (draft, planned)]

    assert [answer.json()["code"] for answer in answers] == ["job_not_published", "job_not_ad_hoc"]
    assert forced[0].json()["code"] == "job_not_published"
    assert forced[1].status_code == 202


async def test_forcing_while_one_is_at_work_names_it(tenant: Tenant) -> None:
    job = await published(tenant.http)
    first = await force(tenant.http, job, "the numbers were wrong")

    second = await force(tenant.http, job)

    assert first.json()["reason"] == "the numbers were wrong"
    assert (second.status_code, second.json()["code"]) == (409, "already_running")
    assert second.headers["Location"] == f"/v1/runs/{first.json()['id']}"
    assert first.json()["id"] in second.json()["detail"]


@pytest.mark.usefixtures("_roomy")
async def test_force_works_while_paused_and_changes_nothing_of_what_is_planned(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    skips = {"count": 1, "reason": "moving"}
    await tenant.http.post(f"/v1/jobs/{job['id']}/skip", json=skips)
    before = (await change(tenant.http, job, is_paused=True)).json()

    forced = await force(tenant.http, job)
    after = (await tenant.http.get(f"/v1/jobs/{job['id']}")).json()

    assert (forced.status_code, forced.json()["trigger"]) == (202, "force")
    for name in ("next_fire_at", "skips_left", "is_paused"):
        assert after[name] == before[name]


async def test_a_forced_run_is_no_part_of_the_gap(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, once(first))
    await force(tenant.http, job)
    await end_all(resources, tenant, job)

    await plan_at(resources, tenant, first, job)

    assert await reasons_of(tenant.http, job) == ["ran"]


async def use_up(resources: Resources, tenant: Tenant, job: Json, **minutes: int) -> None:
    """Book time of a run that began today."""
    async with resources.unit_of_work(tenant.account_id) as session:
        account, now = await get_account(session, tenant.account_id), clock.business_now(session)
        elapsed = timedelta(**minutes)
        await quotas.book(session, account, UUID(job["id"]), started_at=now, elapsed=elapsed)


async def test_the_first_worked_example(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    """Of 60 minutes the first has used 40: the second, of 60, is refused."""
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, minutes_per_day=60)
    one, two = [await published(tenant.http, name, timeout="PT1H") for name in ("one", "two")]
    assert (await run(tenant.http, one)).status_code == 202
    await end_all(resources, tenant, one)
    await use_up(resources, tenant, one, minutes=40)

    refused = await run(tenant.http, two)

    assert (refused.status_code, refused.json()["code"]) == (429, "quota_minutes")
    assert 0 < int(refused.headers["Retry-After"]) <= DAY.total_seconds()
    assert await runs_of(tenant.http, two) == []
    (event,) = await told(resources, tenant, "run.refused")
    Refused.model_validate(event)
    assert event == {
        "job_id": two["id"],
        "trigger": "api",
        "reason": "quota_minutes",
        "requested_by": "marketo",
    }


async def test_the_second_worked_example(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    """Started together both run, 45 each: 90 booked, nothing left, and never less."""
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, minutes_per_day=60)
    jobs = [await published(tenant.http, name, timeout="PT1H") for name in ("one", "two")]

    answers = [await run(tenant.http, job) for job in jobs]
    for job in jobs:
        await use_up(resources, tenant, job, minutes=45)
    limits = (await tenant.http.get("/v1/account/limits")).json()["minutes"]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert (limits["used"], limits["left"]) == (90, 0)


async def test_a_plan_that_reserves_has_no_room_for_the_second(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await make_it_noon(resources, tenant)
    await plan(make_tenant, tenant, minutes_per_day=60, quota_mode="reserve")
    one, two = [await published(tenant.http, name, timeout="PT1H") for name in ("one", "two")]

    first, second = await run(tenant.http, one), await run(tenant.http, two)

    assert (first.status_code, second.json()["code"]) == (202, "quota_minutes")
    assert held_in(await details_of(resources, tenant, first.json())) == HOUR


async def test_the_25th_execution_and_the_11th_invocation(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await make_it_noon(resources, tenant)
    jobs = [await published(tenant.http, f"job-{number}") for number in range(3)]

    codes = [(await run(tenant.http, jobs[0])).status_code for _ in range(10)]
    eleventh = await run(tenant.http, jobs[0])
    codes += [(await run(tenant.http, jobs[1])).status_code for _ in range(10)]
    codes += [(await run(tenant.http, jobs[2])).status_code for _ in range(4)]
    last = await force(tenant.http, await published(tenant.http, "last"))

    assert codes == [202] * 24
    assert (eleventh.status_code, eleventh.json()["code"]) == (429, "quota_invocations")
    assert (last.status_code, last.json()["code"]) == (429, "quota_executions")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"executions_per_day": 2}, "quota_executions"),
        ({"invocations_per_job": 2}, "quota_invocations"),
        ({"minutes_per_day": 60}, "quota_minutes"),
    ],
)
async def test_planned_moments_pass_the_same_gate(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources, limits: Json, reason: str
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | limits))
    day = await a_midnight(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", day), timeout="PT1H")
    if reason == "quota_minutes":
        await plan(make_tenant, tenant, minutes_per_day=59)
    for hours in range(3):
        await plan_at(resources, tenant, day + hours * HOUR, job)
        await end_all(resources, tenant, job)
    await plan_at(resources, tenant, day + 24 * HOUR, job)

    ran = 0 if reason == "quota_minutes" else 2
    found = await reasons_of(tenant.http, job)
    assert found[:3] == ["ran"] * ran + [reason] * (3 - ran)
    assert found[-1] == ("ran" if ran else reason)  # the next day has room again


async def test_an_import_job_fetches_by_an_upload_of_its_own(
    tenant: Tenant, resources: Resources
) -> None:
    job = await published(tenant.http, kind="import", config=IMPORT)

    started = (await run(tenant.http, job)).json()
    async with resources.unit_of_work(tenant.account_id) as session:
        place = (tenant.account_id, UUID(started["upload_id"]))
        upload = await session.get_one(Upload, place)
    shown = (await tenant.http.get(f"/v1/uploads/{upload.id}")).json()

    assert (started["kind"], started["job_id"]) == ("import", job["id"])
    assert (shown["state"], shown["run_id"], shown["has_source"]) == (
        "UploadComplete",
        started["id"],
        True,
    )
    assert (upload.user_id, upload.user_name) == (UUID(job["id"]), job["name"])
