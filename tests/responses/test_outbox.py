"""What leaves through the outbox: once for what happened, never for what did not."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import MakeTenant, Tenant
from tests.people.making import an_email
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    SYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    configure,
    events_of,
    post,
    post_all,
    read,
    rows,
    runs_of,
)

OPEN, ENGAGED = ResponseStatus.OPEN, ResponseStatus.ALREADY_ENGAGED
NO_ACTION = ResponseStatus.NO_ACTION_REQUIRED
MODES = pytest.mark.parametrize("mode", [SYNCHRONOUS, ASYNCHRONOUS])


@MODES
async def test_a_qualified_response_is_told_of_exactly_once(
    tenant: Tenant, resources: Resources, settle: Settle, mode: Json
) -> None:
    campaign = await a_campaign(tenant.http, threshold=90, owners=["grace"])
    await configure(tenant.http, mode)

    taken = await read(tenant.http, await post(tenant.http, campaign, score=5))
    await settle()
    await settle()

    assert await events_of(resources, tenant) == [
        {
            "response_id": taken["id"],
            "person_id": taken["person_id"],
            "campaign_id": campaign["id"],
            "score": 105,
            "threshold": 90,
            "response_prompt": False,
            "owner": "grace",
        }
    ]


@MODES
async def test_nobody_is_notified_of_any_other_outcome(
    tenant: Tenant, resources: Resources, settle: Settle, mode: Json
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, mode)
    ada = {"email": an_email()}

    first = await post(tenant.http, campaign, person=ada)
    await settle()
    await post(tenant.http, campaign, person=ada)
    await post(tenant.http, campaign, person=ada, response_prompt=True)
    await post(tenant.http, campaign, score=-1)
    await post(tenant.http, campaign, member_status="Sent")
    await settle()

    told = await events_of(resources, tenant)
    assert [each["response_id"] for each in told] == [first["id"]]


async def test_a_drain_tells_how_many_were_resolved_and_how(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS, evaluation_batch_size=4)
    ada = {"email": an_email()}
    items = [an_item(campaign, person=ada, external_id=f"{n}") for n in range(3)]
    items += [an_item(campaign, score=-1) for _ in range(3)]

    await post_all(tenant.http, items)
    await settle()

    (run,) = await runs_of(tenant.http, campaign)
    told = await events_of(resources, tenant, "responses.resolved")
    assert [each["total"] for each in told] == [4, 2]
    assert {each["run_id"] for each in told} == {run["id"]}
    assert {place["campaign_id"] for each in told for place in each["campaigns"]} == {
        campaign["id"]
    }
    sums: Counter[str] = Counter()
    for each in told:
        sums.update(each["campaigns"][0]["by_status"])
    assert sums == {OPEN: 1, ENGAGED: 2, NO_ACTION: 3} == run["details"]["by_status"]


async def test_a_synchronous_request_tells_the_same_without_a_run(
    tenant: Tenant, resources: Resources
) -> None:
    campaigns = [await a_campaign(tenant.http) for _ in range(2)]

    await post_all(tenant.http, [an_item(campaign) for campaign in (*campaigns, campaigns[0])])

    (told,) = await events_of(resources, tenant, "responses.resolved")
    assert (told["total"], told["run_id"]) == (3, None)
    assert told["campaigns"] == [
        {"campaign_id": campaign["id"], "by_status": {OPEN: n}}
        for campaign, n in sorted(
            zip(campaigns, (2, 1), strict=True), key=lambda pair: str(pair[0]["id"])
        )
    ]


async def test_a_response_in_its_grace_is_told_of_only_when_it_is_resolved(
    tenant: Tenant, resources: Resources, settle: Settle, advance: Advance
) -> None:
    campaign = await a_campaign(tenant.http, score=0)
    await configure(tenant.http, ASYNCHRONOUS, score_grace="PT1H")

    await post(tenant.http, campaign)
    await settle()
    assert await events_of(resources, tenant, "responses.resolved") == []

    await advance(timedelta(hours=1))
    await settle()
    (told,) = await events_of(resources, tenant, "responses.resolved")
    assert told["campaigns"][0]["by_status"] == {NO_ACTION: 1}


async def test_each_response_is_in_exactly_one_event_however_many_drains_there_are(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaigns = [await a_campaign(tenant.http) for _ in range(3)]
    await configure(tenant.http, ASYNCHRONOUS, evaluation_batch_size=3)
    items = [an_item(campaign) for campaign in campaigns for _ in range(10)]
    taken = await post_all(tenant.http, items)

    await asyncio.gather(settle(), settle(), settle())

    told = await events_of(resources, tenant)
    assert sorted(each["response_id"] for each in told) == sorted(each["id"] for each in taken)
    resolved = await events_of(resources, tenant, "responses.resolved")
    assert sum(each["total"] for each in resolved) == 30


async def test_events_name_nobody(tenant: Tenant, resources: Resources) -> None:
    campaign = await a_campaign(tenant.http)
    secret = {"email": "ada.secret@example.com", "first_name": "Secretive"}

    await post(tenant.http, campaign, person=secret)

    for row in await rows(resources, tenant, "SELECT data::text FROM events"):
        assert "secret" not in row.data.lower()


async def test_events_stay_in_their_account(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    stranger = await make_tenant()

    await post(tenant.http, await a_campaign(tenant.http))

    assert await events_of(resources, stranger) == []
