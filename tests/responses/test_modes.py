"""When a response is scored: the mode of each item, by the first line that fits."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import MakeTenant, Tenant
from tests.people.making import an_email
from tests.people.making import upsert as upsert_person
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    SYNCHRONOUS,
    a_campaign,
    an_item,
    configure,
    count_statuses,
    events_of,
    get,
    listed,
    listed_responses,
    post,
    post_all,
    read,
    status_of,
    statuses_of,
)

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN


async def test_immediately_wins_over_asynchronously(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await configure(http, evaluate_score_immediately=True, evaluate_score_asynchronously=True)

    taken = await post(http, campaign)

    assert taken["status"] == OPEN
    assert (await read(http, taken))["mode"] == "synchronous"


async def test_asynchronously_alone_scores_after_the_request(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS)

    taken = await post(http, campaign)
    await settle()

    assert taken["status"] == PENDING
    assert (await read(http, taken))["mode"] == "asynchronous"
    assert await status_of(http, taken) == OPEN


async def test_with_neither_switch_a_response_waits_to_be_asked_for(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, MANUAL)

    taken = await post(http, campaign)
    await settle()

    found = await read(http, taken)
    assert (found["status"], found["mode"]) == (PENDING, "manual")


@pytest.mark.parametrize("after", [SYNCHRONOUS, ASYNCHRONOUS, listed()])
async def test_changed_settings_do_not_touch_a_waiting_manual_row(
    http: httpx.AsyncClient, settle: Settle, after: dict[str, Any]
) -> None:
    campaign = await a_campaign(http)
    await configure(http, MANUAL)
    taken = await post(http, campaign)

    await configure(http, after)
    await settle()

    found = await read(http, taken)
    assert (found["status"], found["mode"]) == (PENDING, "manual")


async def test_changed_settings_do_not_touch_a_waiting_asynchronous_row(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS)
    taken = await post(http, campaign)

    await configure(http, MANUAL)
    await settle()

    found = await read(http, taken)
    assert (found["status"], found["mode"]) == (OPEN, "asynchronous")


@pytest.mark.parametrize("mode", [SYNCHRONOUS, ASYNCHRONOUS, MANUAL, listed()])
async def test_a_prompt_is_synchronous_in_every_mode(
    http: httpx.AsyncClient, mode: dict[str, Any]
) -> None:
    campaign = await a_campaign(http)
    await configure(http, mode)

    taken = await post(http, campaign, response_prompt=True)

    assert taken["status"] == OPEN
    assert (await read(http, taken))["mode"] == "synchronous"


async def test_prompts_are_synchronous_also_in_batches_over_200(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    plain = [an_item(campaign) for _ in range(201)]
    prompts = [an_item(campaign, response_prompt=True) for _ in range(3)]

    results = await post_all(http, [*prompts[:1], *plain, *prompts[1:]])

    assert [result["status"] for result in results if result["status"] != PENDING] == [OPEN] * 3
    assert [result["index"] for result in results if result["status"] == OPEN] == [0, 202, 203]


async def test_prompts_beyond_the_batch_size_are_resolved_and_told_together(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, scoring_batch_size=100)

    results = await post_all(
        tenant.http, [an_item(campaign, response_prompt=True) for _ in range(250)]
    )

    assert {result["status"] for result in results} == {OPEN}
    told = await events_of(resources, tenant, "responses.resolved")
    assert [each["total"] for each in told] == [250]


@pytest.mark.parametrize("way", ["patch", "upsert", "item"])
async def test_a_manual_row_is_due_in_all_campaigns_when_asked_for_and_the_score_counts(
    http: httpx.AsyncClient, settle: Settle, way: str
) -> None:
    campaigns = [await a_campaign(http, score=0) for _ in range(2)]
    await configure(http, MANUAL)
    mine, other = {"email": an_email()}, {"email": an_email()}
    waiting = [await post(http, campaign, person=mine) for campaign in campaigns]
    apart = await post(http, campaigns[0], person=other)
    person = (await get(http, "people", email=mine["email"]))["items"][0]
    asked = {"do_pending_scoring": True, "score": 100}

    if way == "patch":
        answer = await http.patch(f"/v1/people/{person['id']}", json=asked)
        assert answer.json()["do_pending_scoring"] is False
    elif way == "upsert":
        assert (await upsert_person(http, **mine, **asked))["do_pending_scoring"] is False
    else:
        third = await a_campaign(http, score=0)
        waiting.append(await post(http, third, person=mine | asked))
    await settle()

    statuses = await statuses_of(http, waiting)
    assert statuses.count(OPEN) == 1
    assert statuses.count(ResponseStatus.ALREADY_ENGAGED) == len(waiting) - 1
    assert await status_of(http, apart) == PENDING
    person = await get(http, f"people/{person['id']}")
    assert (person["do_pending_scoring"], person["score"]) == (False, 100)


async def test_asking_once_makes_later_manual_rows_wait_again(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, MANUAL)
    person = {"email": an_email()}
    await upsert_person(http, **person, do_pending_scoring=True)

    later = await post(http, campaign, person=person)
    await settle()

    assert await status_of(http, later) == PENDING


async def test_a_listed_users_requests_within_the_threshold_are_held_in_a_window(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    await configure(http, listed(threshold=3))

    at = await post_all(http, [an_item(campaign) for _ in range(3)])
    above = await post_all(http, [an_item(campaign) for _ in range(4)])

    assert {(await read(http, each))["mode"] for each in at} == {"window"}
    assert {(await read(http, each))["mode"] for each in above} == {"synchronous"}


async def test_the_threshold_is_one_item_unless_told(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await configure(http, listed())

    single = await post(http, campaign)
    two = await post_all(http, [an_item(campaign) for _ in range(2)])

    assert (await read(http, single))["mode"] == "window"
    assert {result["status"] for result in two} == {OPEN}


async def test_an_unlisted_user_is_not_held(make_tenant: MakeTenant, tenant: Tenant) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, listed("marketo"))
    hubspot = await make_tenant(user="hubspot", account=tenant.name)

    assert (await post(hubspot.http, campaign))["status"] == OPEN
    assert (await post(tenant.http, campaign))["status"] == PENDING


async def test_a_batch_of_200_stays_and_one_of_201_is_asynchronous(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    stays, switches = [await a_campaign(http) for _ in range(2)]

    at = await post_all(http, [an_item(stays) for _ in range(200)])
    above = await post_all(http, [an_item(switches) for _ in range(201)])

    assert {result["status"] for result in at} == {OPEN}
    assert {result["status"] for result in above} == {PENDING}
    modes = {item["mode"] for item in await listed_responses(http, switches)}
    assert modes == {"asynchronous"}
    await settle()
    assert await count_statuses(http, switches) == {OPEN: 201}


async def test_size_is_counted_before_duplicates_are_known(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await configure(http, scoring_batch_size=4)
    known = an_item(campaign, external_id="twice")
    await post_all(http, [known])

    results = await post_all(http, [known, *(an_item(campaign) for _ in range(4))])

    assert [each["result"] for each in results] == ["duplicate", *["created"] * 4]
    assert {each["status"] for each in results[1:]} == {PENDING}


async def test_prompts_do_not_count_as_size(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await configure(http, scoring_batch_size=4)
    items = [an_item(campaign, response_prompt=index > 3) for index in range(8)]

    results = await post_all(http, items)

    assert {result["status"] for result in results} == {OPEN}


async def test_size_is_never_that_of_a_gathered_transaction(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await configure(http, scoring_batch_size=2)

    taken = await asyncio.gather(*(post(http, campaign) for _ in range(40)))

    assert {each["status"] for each in taken} == {OPEN}


async def test_no_reader_ever_sees_a_pending_status_in_synchronous_mode(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    seen: set[str] = set()
    pages = 0
    are_posted = asyncio.Event()

    async def look() -> None:
        nonlocal pages
        while not are_posted.is_set():
            seen.update(await count_statuses(http, campaign))
            stats = await get(http, f"campaigns/{campaign['id']}/stats")
            assert stats["pending"]["scoring"] == stats["pending"]["resolution"] == 0
            seen.update(status for status, n in stats["statuses"].items() if n)
            pages += 1
            await asyncio.sleep(0.01)

    looking = asyncio.create_task(look())
    while pages < 4:
        await asyncio.gather(*(post(http, campaign) for _ in range(10)))
        await post_all(http, [an_item(campaign, score=-1) for _ in range(60)])
    are_posted.set()
    await looking

    assert seen == {OPEN, ResponseStatus.NO_ACTION_REQUIRED}
