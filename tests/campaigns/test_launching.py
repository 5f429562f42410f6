"""Launching campaigns: by call, by a schedule of their own, and what groups leave to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.campaigns import auto_launch
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.models.states import RunState
from tests.conftest import Tenant
from tests.fires.making import HOUR, every, fires_of, next_hour, reasons_of, told
from tests.groups.making import Stage, a_campaign, active, jobs, launched_at, started
from tests.jobs.making import Json, refused


@pytest.fixture(autouse=True)
async def _leave_nothing_due(tenant: Tenant, resources: Resources) -> AsyncIterator[None]:
    yield
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        for table in ("pending_runs", "pending_groups", "timetables"):
            await driver.execute(f"DELETE FROM {table} WHERE account_id = $1", tenant.account_id)


async def launch(tenant: Tenant, campaign: Json, **order: Any) -> Any:
    return await tenant.http.post(f"/v1/campaigns/{campaign['id']}/launch", json=order)


async def plan_at(resources: Resources, tenant: Tenant, now: datetime, campaign: Json) -> int:
    """What a planner does that comes by at this moment."""
    places = [(tenant.account_id, UUID(campaign["id"]))]
    async with resources.unit_of_work(tenant.account_id, purpose=Purpose.FIRES) as session:
        session.info["now"] = now
        return await auto_launch.fire_due(session, places, now=now)


async def test_a_launch_is_stamped_and_told(tenant: Tenant, resources: Resources) -> None:
    campaign = await a_campaign(tenant.http)

    answer = await tenant.http.post(f"/v1/campaigns/{campaign['id']}/launch")
    (event,) = await told(resources, tenant, "campaign.launched")

    assert answer.status_code == 200
    assert answer.json()["launched_at"] == await launched_at(tenant.http, campaign) is not None
    assert datetime.fromisoformat(event.pop("launched_at")) == datetime.fromisoformat(
        answer.json()["launched_at"]
    )
    assert event == {
        "campaign_id": campaign["id"],
        "cause": "api",
        "run_id": None,
        "launched_by": "marketo",
    }


async def test_a_launch_by_call_is_among_the_changes(tenant: Tenant) -> None:
    """No run says who it was."""
    campaign = await a_campaign(tenant.http)
    for _ in range(2):
        await launch(tenant, campaign)
    found = await tenant.http.get("/v1/changes", params={"owner": campaign["id"]})

    assert [(one["deed"], one["by"]) for one in found.json()["items"]] == [
        ("launched", "marketo"),
        ("created", "marketo"),
    ]


async def test_again_has_to_be_said(tenant: Tenant, resources: Resources) -> None:
    campaign = await a_campaign(tenant.http)
    await launch(tenant, campaign)

    silent = await launch(tenant, campaign)
    said = await launch(tenant, campaign, again=True, reason="a second wave")

    refused(silent, 409, "campaign_already_launched")
    assert said.status_code == 200
    assert len(await told(resources, tenant, "campaign.launched")) == 2


async def test_of_two_launches_at_once_one_is_told_that_it_was(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)

    answers = await asyncio.gather(*(launch(tenant, campaign) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await told(resources, tenant, "campaign.launched")) == 1


async def test_its_own_schedule_launches_it_at_each_moment(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    campaign = await a_campaign(tenant.http, auto_launch=every("PT1H", first))

    for hours in range(2):
        await plan_at(resources, tenant, first + hours * HOUR, campaign)
    events = await told(resources, tenant, "campaign.launched")
    fires = await fires_of(tenant.http, campaign)
    run = (await tenant.http.get(f"/v1/runs/{fires[0]['run_id']}")).json()

    assert [fire["outcome"] for fire in fires] == ["ran", "ran"]
    assert {fire["owner_kind"] for fire in fires} == {"campaign"}
    assert [(event["cause"], event["run_id"]) for event in events] == [
        ("schedule", fire["run_id"]) for fire in fires
    ]
    assert (run["kind"], run["state"], run["trigger"]) == ("launch", "succeeded", "schedule")
    assert (run["campaign_id"], run["planned_at"]) == (campaign["id"], fires[0]["planned_at"])


async def test_after_an_outage_it_launches_once(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    campaign = await a_campaign(tenant.http, auto_launch=every("PT1H", first))

    await plan_at(resources, tenant, first + 3 * HOUR, campaign)

    assert await reasons_of(tenant.http, campaign) == ["missed_window"] * 3 + ["ran"]


async def test_without_its_schedule_it_plans_nothing(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    campaign = await a_campaign(tenant.http, auto_launch=every("PT1H", first))

    path = f"/v1/campaigns/{campaign['id']}"
    answer = await tenant.http.patch(path, json={"auto_launch": None})
    planned = await plan_at(resources, tenant, first, campaign)

    assert (answer.status_code, answer.json()["auto_launch"]) == (200, None)
    assert planned == 0


async def test_a_drawn_minute_stays_while_its_slot_does(tenant: Tenant) -> None:
    slot = {"type": "daily", "hour": 9, "slot": "0-14", "starts_at": "2099-01-01T00:00:00Z"}
    campaign = await a_campaign(tenant.http, auto_launch=slot)

    path = f"/v1/campaigns/{campaign['id']}"
    again = (await tenant.http.patch(path, json={"auto_launch": slot})).json()
    other = (await tenant.http.patch(path, json={"auto_launch": slot | {"slot": "45-59"}})).json()

    assert campaign["auto_launch"]["minute"] in range(15)
    assert again["auto_launch"] == campaign["auto_launch"]
    assert other["auto_launch"]["minute"] in range(45, 60)


@pytest.mark.parametrize(
    ("schedule", "place"),
    [
        ({"type": "sometimes"}, "/auto_launch/type"),
        ({"every": "PT1H"}, "/auto_launch/type"),
        ({"type": "daily"}, "/auto_launch/at"),
    ],
)
async def test_what_is_no_schedule_is_refused(tenant: Tenant, schedule: Json, place: str) -> None:
    campaign = await a_campaign(tenant.http)

    path = f"/v1/campaigns/{campaign['id']}"
    answer = await tenant.http.patch(path, json={"auto_launch": schedule})

    assert place in [at for at, _ in refused(answer, 422, "validation_failed")]


async def test_a_group_leaves_it_to_its_schedule(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    own = await a_campaign(tenant.http, auto_launch=every("PT1H", first))
    other = await a_campaign(tenant.http)
    stage = Stage(tenant, resources)
    ids = [own["id"], other["id"]]
    group = await active(tenant.http, await jobs(tenant.http, 2), launch_campaigns=ids)

    well = RunState.SUCCEEDED
    ended = await stage.go(await started(tenant.http, group), well, well)

    assert group["left_to_schedule"] == [own["id"]]
    assert ended["details"]["launched"] == [other["id"]]
    assert ended["details"]["left_to_schedule"] == [own["id"]]
    assert await launched_at(tenant.http, own) is None
    assert await launched_at(tenant.http, other) is not None


async def test_a_launch_does_not_make_an_etag_stale(tenant: Tenant) -> None:
    """It is no change of the definition, and people go on editing that."""
    campaign = await a_campaign(tenant.http)
    path = f"/v1/campaigns/{campaign['id']}"
    tag = (await tenant.http.get(path)).headers["ETag"]

    await launch(tenant, campaign)
    answer = await tenant.http.patch(path, json={"name": "Summer"}, headers={"If-Match": tag})

    assert answer.status_code == 200
