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
from app.fires import overdue
from app.fires.queries import Owner
from app.models.states import OwnerKind, RunState
from tests.conftest import Tenant
from tests.fires.making import HOUR, MINUTE, every, fires_of, next_hour, reasons_of, told
from tests.groups.making import Stage, a_campaign, active, jobs, launched_at, started
from tests.jobs.making import Json, refused
from tests.mail.reading import subjects_of


@pytest.fixture(autouse=True)
async def _leave_nothing_due(tenant: Tenant, resources: Resources) -> AsyncIterator[None]:
    yield
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        for table in ("pending_runs", "pending_groups", "timetables", "watches"):
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


async def test_a_launch_that_does_not_come_is_told_once_and_so_is_the_next(
    tenant: Tenant, resources: Resources
) -> None:
    policy = {"emails": ["ops@example.com"], "on": ["failure", "success", "recovery"]}
    await tenant.http.put("/v1/alert-policy", json=policy)
    first = await next_hour(resources, tenant)
    schedule = {**every("PT1H", first), "catch_up": "PT10M"}
    campaign = await a_campaign(tenant.http, auto_launch=schedule)
    owner = Owner(tenant.account_id, OwnerKind.CAMPAIGN, UUID(campaign["id"]))

    async def look(now: datetime) -> None:
        async with resources.unit_of_work(tenant.account_id) as session:
            await overdue.look(session, [owner], now=now)

    await plan_at(resources, tenant, first, campaign)
    late = first + HOUR + 20 * MINUTE
    await look(first)
    await look(late)  # nobody has looked after schedules since
    await plan_at(resources, tenant, late, campaign)
    await look(late + MINUTE)
    for hours in (2, 3):
        await plan_at(resources, tenant, first + hours * HOUR, campaign)
        await look(first + hours * HOUR)

    assert await reasons_of(tenant.http, campaign) == ["ran", "missed_window", "ran", "ran"]
    (down,) = await told(resources, tenant, "job.overdue")
    (up,) = await told(resources, tenant, "job.recovered")
    assert (down["owner_kind"], up["owner_kind"]) == ("campaign", "campaign")
    assert datetime.fromisoformat(down["expected_at"]) == first + HOUR
    assert await subjects_of(resources, tenant) == ["Spring is overdue", "Spring works again"]


async def test_a_schedule_of_which_nobody_is_told_says_so(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    campaign = await a_campaign(tenant.http, auto_launch=every("PT1H", first))
    plain = await a_campaign(tenant.http)
    await tenant.http.put("/v1/alert-policy", json={"emails": ["ops@example.com"]})
    listed = (await tenant.http.get("/v1/campaigns")).json()["items"]

    assert (campaign["warnings"], plain["warnings"]) == (["no_alert_target"], [])
    assert [one["warnings"] for one in listed] == [[], []]


async def test_without_its_schedule_no_launch_is_missed(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    campaign = await a_campaign(tenant.http, auto_launch=every("PT1H", first))
    await tenant.http.patch(f"/v1/campaigns/{campaign['id']}", json={"auto_launch": None})
    owner = Owner(tenant.account_id, OwnerKind.CAMPAIGN, UUID(campaign["id"]))

    async with resources.unit_of_work(tenant.account_id) as session:
        await overdue.look(session, [owner], now=first + 24 * HOUR)

    assert await told(resources, tenant, "job.overdue") == []


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
