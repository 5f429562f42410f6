"""The end of a job: warned of 7 days and 1 day before, then gone, with its runs left readable."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.core.resources import Resources
from app.jobs import expiry
from app.jobs.queries import find_variables
from app.jobs.variables import VariablesPut
from app.models import Event, Job
from app.models.states import JobKind, JobState
from app.notifications.schemas import JobExpiry
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import (
    SECRET,
    Json,
    a_job,
    change,
    done,
    make,
    now_of,
    plan,
    published,
    read,
    refused,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


async def expiring(resources: Resources, tenant: Tenant, left: timedelta, **fields: Any) -> Json:
    """A published job with so much time left, and its end as a moment."""
    ends_at = await now_of(resources, tenant) + left
    return await published(
        tenant.http, never_expires=False, expires_at=ends_at.isoformat(), **fields
    )


def end_of(job: Json) -> datetime:
    return datetime.fromisoformat(job["expires_at"])


async def tend(resources: Resources, tenant: Tenant, job: Json, now: datetime) -> datetime | None:
    async with resources.unit_of_work(tenant.account_id) as session:
        return await expiry.tend(
            session, tenant.account_id, UUID(job["id"]), secret_key=SECRET, now=now
        )


async def overtake(resources: Resources, tenant: Tenant, job: Json) -> None:
    """Let the job's end be a second ago, without anybody having said so."""
    past = await now_of(resources, tenant) - SECOND
    async with resources.unit_of_work(tenant.account_id) as session:
        row = await session.get_one(Job, (tenant.account_id, UUID(job["id"])))
        row.expires_at = past


async def told(resources: Resources, tenant: Tenant) -> list[str]:
    async with resources.unit_of_work(tenant.account_id) as session:
        found = await session.exec(
            select(Event).where(col(Event.type).startswith("job.")).order_by(col(Event.id))
        )
        events = found.all()
    for event in events:
        assert set(event.data) == set(JobExpiry.model_fields)
        JobExpiry.model_validate(event.data)
    return [event.type for event in events]


async def test_each_warning_goes_out_once_at_its_time(tenant: Tenant, resources: Resources) -> None:
    job = await expiring(resources, tenant, 30 * DAY)
    end = end_of(job)

    looks = [
        (end - 8 * DAY, end - 7 * DAY, []),
        (end - 7 * DAY - SECOND, end - 7 * DAY, []),
        (end - 7 * DAY, end - DAY, ["job.expiring"]),
        (end - 6 * DAY, end - DAY, ["job.expiring"]),
        (end - DAY, end, ["job.expiring"] * 2),
        (end - SECOND, end, ["job.expiring"] * 2),
        (end, None, ["job.expiring"] * 2 + ["job.expired"]),
        (end + DAY, None, ["job.expiring"] * 2 + ["job.expired"]),
    ]
    for now, following, events in looks:
        assert await tend(resources, tenant, job, now) == following
        assert await told(resources, tenant) == events


async def test_warnings_that_are_overdue_together_go_out_as_one(
    tenant: Tenant, resources: Resources
) -> None:
    job = await expiring(resources, tenant, timedelta(hours=3))

    following = await tend(resources, tenant, job, await now_of(resources, tenant))

    assert following == end_of(job)
    assert await told(resources, tenant) == ["job.expiring"]


async def test_a_job_that_is_given_more_time_is_warned_of_again(
    tenant: Tenant, resources: Resources
) -> None:
    job = await expiring(resources, tenant, timedelta(hours=3))
    await tend(resources, tenant, job, await now_of(resources, tenant))
    later = (end_of(job) + 30 * DAY).isoformat()

    longer = (await change(tenant.http, job, expires_at=later)).json()

    end = end_of(longer)
    assert await tend(resources, tenant, job, end - 8 * DAY) == end - 7 * DAY
    assert await tend(resources, tenant, job, end - 7 * DAY) == end - DAY
    assert await told(resources, tenant) == ["job.expiring"] * 2


async def test_a_job_that_never_expires_is_not_looked_at_again(
    tenant: Tenant, resources: Resources
) -> None:
    job = await published(tenant.http)

    assert await tend(resources, tenant, job, await now_of(resources, tenant) + 999 * DAY) is None
    assert (await read(tenant.http, job))["state"] == "published"


async def test_whoever_looks_at_the_same_time_tells_it_once(
    tenant: Tenant, resources: Resources
) -> None:
    job = await expiring(resources, tenant, 30 * DAY)
    end = end_of(job)

    await asyncio.gather(*(tend(resources, tenant, job, end - DAY) for _ in range(6)))
    await asyncio.gather(*(tend(resources, tenant, job, end) for _ in range(6)))

    assert await told(resources, tenant) == ["job.expiring", "job.expired"]


async def test_a_job_expires_at_its_time_and_not_before(
    tenant: Tenant, resources: Resources
) -> None:
    job = await expiring(resources, tenant, 30 * DAY)
    end = end_of(job)

    async def expire(now: datetime) -> bool:
        place = (tenant.account_id, UUID(job["id"]))
        return await expiry.expire(session, *place, secret_key=SECRET, now=now)

    async with resources.unit_of_work(tenant.account_id) as session:
        before = await expire(end - SECOND)
        on_time = await expire(end)
        again = await expire(end + DAY)

    assert (before, on_time, again) == (False, True, False)
    assert await told(resources, tenant) == ["job.expired"]


@pytest.mark.parametrize("is_said", [True, False])
async def test_an_expired_job_is_gone(tenant: Tenant, resources: Resources, is_said: bool) -> None:
    """From the moment on, whether or not anybody has come round to say so."""
    job = await expiring(resources, tenant, 30 * DAY)
    await overtake(resources, tenant, job)
    if is_said:
        await tend(resources, tenant, job, await now_of(resources, tenant))

    path, http = f"/v1/jobs/{job['id']}", tenant.http
    for answer in (
        await http.get(path),
        await http.patch(path, json={"never_expires": True}),
        await http.delete(path),
        await http.post(f"{path}/publish"),
        await http.post(f"{path}/unpublish"),
        await http.get(f"{path}/versions"),
        await http.put(f"{path}/variables", json={}),
    ):
        assert refused(answer, 410, "job_expired") == []
        assert "its runs can still be read" in answer.json()["detail"]
    assert (await http.get("/v1/jobs")).json()["items"] == []


async def test_an_expired_job_frees_its_name_and_its_place(
    tenant: Tenant, resources: Resources, make_tenant: MakeTenant
) -> None:
    await plan(make_tenant, tenant, jobs=1)
    job = await expiring(resources, tenant, 30 * DAY)
    refused(await tenant.http.post("/v1/jobs", json=a_job()), 409, "too_many_jobs")

    await overtake(resources, tenant, job)

    assert (await make(tenant.http, job["name"]))["id"] != job["id"]
    assert await told(resources, tenant) == ["job.expired"]


async def test_a_renamed_job_takes_the_name_of_an_expired_one(
    tenant: Tenant, resources: Resources
) -> None:
    gone = await expiring(resources, tenant, 30 * DAY)
    other = await make(tenant.http, "other")
    await overtake(resources, tenant, gone)

    answer = await change(tenant.http, other, name=gone["name"])

    assert (answer.status_code, answer.json()["name"]) == (200, gone["name"])


async def test_an_expired_job_keeps_no_secrets(tenant: Tenant, resources: Resources) -> None:
    job = await make(tenant.http, kind="code", config={})
    given = VariablesPut(secrets={"TOKEN": "whisper"}).model_dump()
    await tenant.http.put(f"/v1/jobs/{job['id']}/variables", json=given)
    end = await now_of(resources, tenant) + DAY
    await change(tenant.http, job, expires_at=end.isoformat())

    await tend(resources, tenant, job, end)

    async with resources.unit_of_work(tenant.account_id) as session:
        row = await session.get_one(Job, (tenant.account_id, UUID(job["id"])))
        kept = await find_variables(session, tenant.account_id, [row.id])
    assert (row.state, row.kind, row.published_at) == (JobState.EXPIRED, JobKind.CODE, None)
    assert kept == []


async def test_a_deleted_job_does_not_expire(tenant: Tenant, resources: Resources) -> None:
    job = await expiring(resources, tenant, DAY)
    await tenant.http.delete(f"/v1/jobs/{job['id']}")

    assert await tend(resources, tenant, job, end_of(job)) is None
    assert await told(resources, tenant) == []


async def test_an_end_in_the_past_is_refused(tenant: Tenant, resources: Resources) -> None:
    job, now = await make(tenant.http), await now_of(resources, tenant)

    made = await tenant.http.post(
        "/v1/jobs", json=a_job("x-y", never_expires=False, expires_at=now.isoformat())
    )
    changed = await change(tenant.http, job, expires_at=now.isoformat())

    for answer in (made, changed):
        assert refused(answer, 422, "invalid_job") == [("/expires_at", "in_the_past")]


async def test_a_time_and_never_take_each_other_back(tenant: Tenant, resources: Resources) -> None:
    job = await make(tenant.http)
    end = (await now_of(resources, tenant) + DAY).isoformat()

    timed = (await change(tenant.http, job, expires_at=end)).json()
    never = (await change(tenant.http, job, never_expires=True)).json()
    neither = (await change(tenant.http, job, never_expires=False)).json()

    ends = [(one["expires_at"] is None, one["never_expires"]) for one in (timed, never, neither)]
    assert ends == [(False, False), (True, True), (True, False)]


async def test_a_draft_expires_as_well(tenant: Tenant, resources: Resources) -> None:
    end = await now_of(resources, tenant) + DAY
    job = await make(tenant.http, never_expires=False, expires_at=end.isoformat())

    assert await tend(resources, tenant, job, end) is None
    assert await told(resources, tenant) == ["job.expired"]


async def test_an_unpublished_job_expires_as_well(tenant: Tenant, resources: Resources) -> None:
    job = await done(tenant.http, await expiring(resources, tenant, DAY), "unpublish")

    await tend(resources, tenant, job, end_of(job))

    assert await told(resources, tenant) == ["job.expired"]
