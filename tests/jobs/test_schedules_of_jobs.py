"""A job's schedule is settled as it is saved, and keeps the plan's distance."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.resources import Resources
from app.jobs import service
from app.jobs.errors import JobNotPublishable
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import change, done, make, now_of, plan, published, read, refused


def every(length: str) -> dict[str, Any]:
    return {"type": "interval", "every": length}


def at(*times: str) -> dict[str, Any]:
    return {"type": "daily", "at": list(times)}


@pytest.mark.parametrize("schedule", [every("PT1H"), at("01:00", "02:00"), at("23:30", "00:30")])
async def test_a_gap_of_exactly_60_minutes_is_allowed(
    http: httpx.AsyncClient, schedule: dict[str, Any]
) -> None:
    assert (await make(http, schedule=schedule))["schedule"]["type"] == schedule["type"]


@pytest.mark.parametrize(
    ("schedule", "pointer"),
    [
        (every("PT59M59S"), "/schedule/every"),
        (at("01:00", "01:59"), "/schedule/at"),
        (at("23:30", "00:29"), "/schedule/at"),
        ({"type": "cron", "cron": "*/30 * * * *"}, "/schedule/cron"),
    ],
)
async def test_a_smaller_gap_is_refused_with_both_times(
    http: httpx.AsyncClient, schedule: dict[str, Any], pointer: str
) -> None:
    made = await http.post(
        "/v1/jobs", json={"name": "nightly", "kind": "export", "schedule": schedule}
    )
    changed = await change(http, await make(http), schedule=schedule)

    for answer in (made, changed):
        assert refused(answer, 422, "gap_too_small") == [(pointer, "gap_too_small")]
        assert answer.json()["detail"].endswith("are less than 60 minutes apart.")


async def test_the_change_of_the_clocks_is_looked_at_too(http: httpx.AsyncClient) -> None:
    """An hour apart on other days; in spring the first moves to the end of the gap, 03:00."""
    schedule = at("02:30", "03:30") | {"timezone": "Europe/Berlin"}

    answer = await change(http, await make(http), schedule=schedule)

    refused(answer, 422, "gap_too_small")


async def test_the_plan_says_how_small_a_gap_may_be(
    tenant: Tenant, make_tenant: MakeTenant
) -> None:
    await plan(make_tenant, tenant, minimum_gap_minutes=15)

    job = await make(tenant.http, schedule=every("PT15M"))

    refused(await change(tenant.http, job, schedule=every("PT14M59S")), 422, "gap_too_small")


async def test_a_gap_that_the_plan_allows_no_longer_is_found_when_it_is_published(
    tenant: Tenant, make_tenant: MakeTenant
) -> None:
    await plan(make_tenant, tenant, minimum_gap_minutes=15)
    job = await make(tenant.http, schedule=every("PT15M"))
    await plan(make_tenant, tenant, minimum_gap_minutes=None)

    refused(await tenant.http.post(f"/v1/jobs/{job['id']}/publish"), 422, "gap_too_small")


async def test_what_a_schedule_leaves_open_is_filled_in_and_kept(http: httpx.AsyncClient) -> None:
    await http.patch("/v1/account", json={"timezone": "Europe/Berlin"})
    slot = {"type": "daily", "hour": 3, "slot": "15-29", "starts_at": "2099-01-01T00:00:00Z"}

    job = await make(http, schedule=slot)

    schedule = job["schedule"]
    assert schedule["timezone"] == "Europe/Berlin"
    assert 15 <= schedule["minute"] <= 29
    again = (await change(http, job, schedule=slot | {"overlap": "buffer_one"})).json()
    assert again["schedule"] == schedule | {"overlap": "buffer_one"}
    sent_back = (await change(http, job, schedule=again["schedule"])).json()
    assert sent_back["schedule"] == again["schedule"]


async def test_a_schedule_that_has_passed_is_refused_at_its_place(http: httpx.AsyncClient) -> None:
    once = {"type": "once", "starts_at": "2020-01-01T00:00:00Z"}

    answer = await change(http, await make(http), schedule=once)

    assert refused(answer, 422, "invalid_schedule") == [("/schedule/starts_at", "in_the_past")]


async def test_a_schedule_of_another_form_is_refused_at_its_place(http: httpx.AsyncClient) -> None:
    answer = await change(http, await make(http), schedule={"type": "daily", "at": ["25:00"]})

    assert refused(answer, 422, "validation_failed")[0][0] == "/schedule/at/0"


async def test_a_schedule_is_taken_away_unless_the_published_job_needs_it(
    http: httpx.AsyncClient,
) -> None:
    free = await published(http, "free", schedule=at("02:30"))
    bound = await published(http, "bound", schedule=at("02:30"), ad_hoc=False)

    assert (await change(http, free, schedule=None)).json()["schedule"] is None
    answer = await change(http, bound, schedule=None)
    assert refused(answer, 422, "job_not_publishable") == [("/schedule", "missing")]
    assert (await read(http, bound))["schedule"] == bound["schedule"]


async def test_a_job_whose_only_fire_has_passed_is_not_published(
    tenant: Tenant, resources: Resources
) -> None:
    soon = await now_of(resources, tenant) + timedelta(hours=1)
    once = {"type": "once", "starts_at": soon.isoformat()}
    job = await make(tenant.http, schedule=once, ad_hoc=False)

    async with resources.unit_of_work(tenant.account_id) as session:
        with pytest.raises(JobNotPublishable) as refusal:
            await service.publish(session, tenant.account_id, UUID(job["id"]), now=soon)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/schedule", "over")]

    assert (await done(tenant.http, job, "publish"))["state"] == "published"
