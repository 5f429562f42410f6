"""What is planned, and which of it will be refused: the gate, over the days to come."""

from datetime import datetime
from itertools import pairwise
from uuid import UUID

from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    ROOMY,
    a_midnight,
    end_all,
    every,
    next_hour,
    plan_at,
    scheduled,
)
from tests.groups import making as groups
from tests.jobs.making import Json, change, plan
from tests.sequences.making import a_sequence


async def forecast(tenant: Tenant, until: datetime) -> list[Json]:
    answer = await tenant.http.get("/v1/forecast", params={"until": until.isoformat()})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_the_day_has_room_for_ten_invocations(tenant: Tenant, resources: Resources) -> None:
    day = await a_midnight(resources, tenant)
    await scheduled(tenant.http, every("PT1H", day), timeout="PT1M")

    items = await forecast(tenant, day + 26 * HOUR)

    reasons = [item["reason"] for item in items]
    assert reasons[:24] == [None] * 10 + ["quota_invocations"] * 14
    assert reasons[24:] == [None] * 3


async def test_a_run_without_a_history_is_as_long_as_its_timeout(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | {"minutes_per_day": 120}))
    day = await a_midnight(resources, tenant)
    await scheduled(tenant.http, every("PT2H", day), timeout="PT1H")

    reasons = [item["reason"] for item in await forecast(tenant, day + 6 * HOUR)]

    assert reasons == [None, None, "quota_minutes", "quota_minutes"]


async def test_what_is_paused_or_skipped_takes_nothing(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | {"executions_per_day": 2}))
    day = await a_midnight(resources, tenant)
    one = await scheduled(tenant.http, every("PT1H", day), "one")
    two = await scheduled(tenant.http, every("PT1H", day), "two")
    await change(tenant.http, one, is_paused=True)
    skips = {"count": 1, "reason": "moving"}
    await tenant.http.post(f"/v1/jobs/{two['id']}/skip", json=skips)

    items = await forecast(tenant, day + 3 * HOUR)

    by_job: dict[str, list[str | None]] = {job["id"]: [] for job in (one, two)}
    for item in items:
        by_job[item["owner_id"]].append(item["reason"])
    assert by_job[one["id"]] == ["paused"] * 4
    assert by_job[two["id"]] == ["skip_requested", None, None, "quota_executions"]


async def test_the_forecast_comes_true(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | {"executions_per_day": 5}))
    first = await next_hour(resources, tenant)
    jobs = [
        await scheduled(tenant.http, every(length, first), length)
        for length in ("PT3H", "PT5H", "PT7H")
    ]
    until = first + 2 * DAY
    said = {(one["owner_id"], one["planned_at"]): one["reason"] for one in
            await forecast(tenant, until)}  # fmt: skip

    moments = sorted({datetime.fromisoformat(moment) for _, moment in said})
    for moment in moments:
        await plan_at(resources, tenant, moment, *sorted(jobs, key=lambda job: UUID(job["id"])))
        for job in jobs:
            await end_all(resources, tenant, job)
    found = (await tenant.http.get("/v1/fires", params={"limit": 1000})).json()["items"]

    assert {(one["owner_id"], one["planned_at"]): one["reason"] for one in found} == said


async def test_groups_campaigns_and_batches_are_foreseen_too(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    http, first = tenant.http, await a_midnight(resources, tenant)
    await plan(make_tenant, tenant, **ROOMY)
    grouped = await groups.jobs(http, 2)
    group = await groups.active(http, grouped, schedule=every("PT1H", first))
    skips = {"count": 1, "reason": "moving"}
    await http.post(f"/v1/groups/{group['id']}/skip", json=skips)
    launch = every("PT12H", first)
    campaign = (await http.post("/v1/campaigns", json={
        "code": "spring", "name": "Spring", "auto_launch": launch})).json()  # fmt: skip
    sequence = (await http.post("/v1/sequences", json=a_sequence())).json()
    assert (await http.post(f"/v1/sequences/{sequence['id']}/activate")).is_success

    items = await forecast(tenant, first + HOUR)

    found = {kind: [one for one in items if one["owner_kind"] == kind]
             for kind in ("group", "campaign", "batch")}  # fmt: skip
    assert [one["reason"] for one in found["group"]] == ["skip_requested", None]
    assert {one["owner_id"] for one in found["group"]} == {group["id"]}
    assert [(one["owner_id"], one["reason"]) for one in found["campaign"]] == [
        (campaign["id"], None)
    ]
    moments = [datetime.fromisoformat(one["planned_at"]) for one in found["batch"]]
    assert {after - before for before, after in pairwise(moments)} == {HOUR / 2}


async def test_jobs_of_a_group_use_up_the_day_one_after_the_other(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    await plan(make_tenant, tenant, **(ROOMY | {"minutes_per_day": 150}))
    first = await a_midnight(resources, tenant)
    grouped = await groups.jobs(tenant.http, 3, timeout="PT1H")
    # 60 of 150 minutes, 60 of 90; 60 of 30 are not there, and the last halts behind it.
    group = await groups.active(tenant.http, grouped, schedule=every("P1D", first))
    early = await scheduled(tenant.http, every("P1D", first + HOUR), "early", timeout="PT30M")
    late = await scheduled(tenant.http, every("P1D", first + 3 * HOUR), "late", timeout="PT1H")

    items = await forecast(tenant, first + 4 * HOUR)

    said = [(item["owner_id"], item["reason"]) for item in items]
    assert said == [(group["id"], None), (early["id"], None), (late["id"], "quota_minutes")]
