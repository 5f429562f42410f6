"""Skips: so many planned moments pass, each with who and why; then all is normal by itself."""

from datetime import datetime

import httpx
import pytest

from app.core.resources import Resources
from tests.conftest import Tenant
from tests.fires.making import (
    HOUR,
    end_all,
    every,
    fires_of,
    next_hour,
    plan_at,
    reasons_of,
    scheduled,
)
from tests.jobs.making import Json, change, make

pytestmark = pytest.mark.usefixtures("_roomy")


async def skip(http: httpx.AsyncClient, job: Json, **order: object) -> httpx.Response:
    return await http.post(f"/v1/jobs/{job['id']}/skip", json={"reason": "moving", **order})


async def preview(http: httpx.AsyncClient, job: Json, count: int = 10) -> list[Json]:
    path = f"/v1/jobs/{job['id']}/schedule/preview"
    items: list[Json] = (await http.get(path, params={"count": count})).json()["items"]
    return items


async def test_skips_name_the_moments_that_will_pass(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))

    answer = (await skip(tenant.http, job, count=2)).json()

    assert answer["skips_left"] == 2
    assert [datetime.fromisoformat(at) for at in answer["fires"]] == [first, first + HOUR]
    shown = [fire["reason"] for fire in await preview(tenant.http, job, 3)]
    assert shown == ["skip_requested", "skip_requested", None]


async def test_each_moment_that_passes_uses_one_and_then_all_is_normal(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    await skip(tenant.http, job, count=2)

    for hours in range(4):
        await plan_at(resources, tenant, first + hours * HOUR, job)
        await end_all(resources, tenant, job)
    fires = await fires_of(tenant.http, job)

    assert [fire["reason"] for fire in fires] == ["skip_requested", "skip_requested", None, None]
    assert [fire["by"] for fire in fires] == ["marketo", "marketo", None, None]
    assert fires[0]["details"] == {"reason": "moving"}


async def test_maintenance_is_a_reason_of_its_own(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    await skip(tenant.http, job, maintenance=True)

    await plan_at(resources, tenant, first, job)

    assert await reasons_of(tenant.http, job) == ["maintenance"]


async def test_what_is_left_can_be_undone(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    await skip(tenant.http, job, count=3)
    await plan_at(resources, tenant, first, job)

    for _ in range(2):
        undone = await tenant.http.delete(f"/v1/jobs/{job['id']}/skip")
        assert undone.status_code == 204
    await plan_at(resources, tenant, first + HOUR, job)

    assert await reasons_of(tenant.http, job) == ["skip_requested", "ran"]


async def test_a_pause_uses_up_no_skip(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    await skip(tenant.http, job)
    await change(tenant.http, job, is_paused=True)
    await plan_at(resources, tenant, first, job)

    await change(tenant.http, job, is_paused=False)
    await plan_at(resources, tenant, first + HOUR, job)

    assert await reasons_of(tenant.http, job) == ["paused", "skip_requested"]


async def test_what_plans_nothing_cannot_be_skipped(tenant: Tenant) -> None:
    job = await make(tenant.http)

    answer = await skip(tenant.http, job)
    looked = await tenant.http.get(f"/v1/jobs/{job['id']}/schedule/preview")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_scheduled")
    assert (looked.status_code, looked.json()["code"]) == (409, "not_scheduled")


@pytest.mark.parametrize("order", [{"count": 0}, {"count": 1_001}, {"reason": ""}])
async def test_a_skip_says_how_many_and_why(
    tenant: Tenant, resources: Resources, order: Json
) -> None:
    job = await scheduled(tenant.http, every("PT1H", await next_hour(resources, tenant)))

    assert (await skip(tenant.http, job, **order)).status_code == 422


async def test_the_preview_shows_offsets_and_ends_with_the_job(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    ends = (first + 2 * HOUR).isoformat()
    schedule = every("PT1H", first, timezone="Asia/Kolkata")
    job = await scheduled(tenant.http, schedule, never_expires=False, expires_at=ends)

    items = await preview(tenant.http, job)

    assert [datetime.fromisoformat(one["planned_at"]) for one in items] == [first, first + HOUR]
    assert items[0]["local_at"].endswith("+05:30")
