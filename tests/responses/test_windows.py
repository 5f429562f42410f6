"""Windows: one per user and campaign, closed by time, size or hand; only due rows leave."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import httpx

from app.core.resources import Resources
from app.models.states import ResponseStatus
from app.responses.intake.transaction import take_in
from tests.conftest import MakeTenant, Tenant
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    a_campaign,
    a_held_campaign,
    a_submission,
    configure,
    get,
    listed,
    listed_responses,
    moment,
    move,
    post,
    runs_of,
    status_of,
    statuses_of,
    the_window,
    windows_of,
)

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DELAY = timedelta(minutes=5)


async def test_64_first_posts_at_once_open_one_window(http: httpx.AsyncClient) -> None:
    campaign = await a_held_campaign(http)

    taken = await asyncio.gather(*(post(http, campaign) for _ in range(64)))

    assert {each["status"] for each in taken} == {PENDING}
    assert (await the_window(http, campaign))["members"] == 64


async def test_first_posts_of_two_processes_open_one_window(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_held_campaign(tenant.http)

    async def take() -> None:
        async with resources.unit_of_work(tenant.account_id) as session:
            await take_in(session, [a_submission(tenant, campaign)])

    await asyncio.gather(*(take() for _ in range(8)))

    assert (await the_window(tenant.http, campaign))["members"] == 8


async def test_each_account_user_and_campaign_has_a_window_of_its_own(
    make_tenant: MakeTenant, tenant: Tenant
) -> None:
    first, second = [await a_campaign(tenant.http) for _ in range(2)]
    users = [{"user": "marketo"}, {"user": "hubspot"}]
    await configure(tenant.http, async_users=users)
    hubspot = await make_tenant(user="hubspot", account=tenant.name)
    stranger = await make_tenant()
    elsewhere = await a_held_campaign(stranger.http)

    for campaign in (first, second):
        await post(tenant.http, campaign)
        await post(hubspot.http, campaign)
    await post(stranger.http, elsewhere)

    found = await windows_of(tenant.http)
    assert Counter((each["key"]["user"], each["key"]["campaign_id"]) for each in found) == {
        (user["user"], campaign["id"]): 1 for user in users for campaign in (first, second)
    }
    assert len(await windows_of(stranger.http)) == 1


async def test_closes_at_is_opening_plus_delay_and_does_not_move(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_campaign(http)
    await configure(http, listed(delay="PT7M"))
    await post(http, campaign)
    opened = await the_window(http, campaign)

    await advance(MINUTE)
    await configure(http, listed(delay="PT20M"))
    await post(http, campaign)
    await settle()

    later = await the_window(http, campaign)
    assert moment(later["closes_at"]) - moment(later["opened_at"]) == timedelta(minutes=7)
    assert later == opened | {"members": 2}


async def test_a_window_closes_when_its_delay_is_over(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_held_campaign(http)
    taken = [await post(http, campaign) for _ in range(3)]

    await advance(DELAY - MINUTE)
    await settle()
    assert await statuses_of(http, taken) == [PENDING] * 3

    await advance(MINUTE)
    await settle()
    window = await the_window(http, campaign)
    assert await statuses_of(http, taken) == [OPEN] * 3
    assert (window["closed_by"], window["closed_who"], window["members"]) == ("delay", None, 3)
    assert moment(window["closed_at"]) >= moment(window["closes_at"])


async def test_a_window_closes_by_size_and_may_hold_a_few_more_but_a_chunk_never_does(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_held_campaign(http, scoring_batch_size=10)
    for _ in range(9):
        await post(http, campaign)
    await settle()
    assert (await the_window(http, campaign))["closed_at"] is None

    await asyncio.gather(*(post(http, campaign) for _ in range(14)))
    await settle()

    window = await the_window(http, campaign)
    assert (window["closed_by"], window["members"]) == ("size", 23)
    scored = Counter(each["scored_at"] for each in await listed_responses(http, campaign))
    assert sorted(scored.values()) == [3, 10, 10]


async def test_a_full_window_is_closed_also_behind_a_thousand_that_close_earlier(
    tenant: Tenant, resources: Resources, settle: Settle, advance: Advance
) -> None:
    campaigns = [await a_campaign(tenant.http) for _ in range(2)]
    users = [{"user": f"early {n}", "delay": "PT1M"} for n in range(1000)]
    await configure(tenant.http, async_users=users, scoring_batch_size=2)
    crowd = [
        a_submission(tenant, campaigns[0], user=user["user"], user_id=UUID(int=n))
        for n, user in enumerate(users)
    ]
    async with resources.unit_of_work(tenant.account_id) as session:
        await take_in(session, crowd)
    await configure(tenant.http, listed(), scoring_batch_size=2)

    taken = [await post(tenant.http, campaigns[1]) for _ in range(2)]
    await settle()

    assert await statuses_of(tenant.http, taken) == [OPEN] * 2
    # The crowd leaves, in few chunks, so that it stands before no later test.
    await configure(tenant.http)
    await advance(timedelta(minutes=1))
    await settle()
    assert await windows_of(tenant.http, open=True) == []


async def test_a_closed_window_takes_no_more_members(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    first = await the_window(http, campaign)
    await move(http, first, "flush")

    later = await post(http, campaign)
    await settle()

    assert await status_of(http, later) == PENDING
    assert [each["members"] for each in await windows_of(http, campaign=campaign["id"])] == [1, 1]
    assert len(await windows_of(http, campaign=campaign["id"], open=True)) == 1


async def test_a_member_that_commits_after_the_close_is_due_at_once(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_held_campaign(tenant.http)
    early = await post(tenant.http, campaign)
    window = await the_window(tenant.http, campaign)

    async with resources.unit_of_work(tenant.account_id) as session:
        outcomes = await take_in(session, [a_submission(tenant, campaign)])
        flushed = await move(tenant.http, window, "flush")
        await settle()
    assert outcomes[0][0].record is not None
    late = {"id": outcomes[0][0].record.id}
    assert await status_of(tenant.http, late) == PENDING
    await settle()

    assert (flushed.status_code, flushed.json()["members"]) == (200, 1)
    assert await statuses_of(tenant.http, [early, late]) == [OPEN] * 2
    assert [each["id"] for each in await windows_of(tenant.http)] == [window["id"]]


async def test_a_chunk_takes_only_due_rows(
    make_tenant: MakeTenant, tenant: Tenant, settle: Settle
) -> None:
    http = tenant.http
    hubspot = await make_tenant(user="hubspot", account=tenant.name)
    campaign = await a_campaign(http, score=0)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")
    graced = await post(http, campaign)
    await settle()
    await configure(http, MANUAL)
    manual = await post(http, campaign, score=100)
    both = {"async_users": [{"user": "marketo"}, {"user": "hubspot"}]}
    await configure(http, both)
    opened = await post(http, campaign, score=100)
    held = await post(hubspot.http, campaign, score=100)
    found = await windows_of(http, campaign=campaign["id"])
    until = (moment(found[0]["opened_at"]) + HOUR).isoformat()
    by_user = {each["key"]["user"]: each for each in found}
    await move(http, by_user["hubspot"], "hold", until=until)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")

    due = await post(http, campaign, score=100)
    await settle()
    waiting = [PENDING, PENDING, ResponseStatus.PENDING_TQR]
    assert await statuses_of(http, [due, opened, held, manual, graced]) == [OPEN, PENDING, *waiting]

    await move(http, by_user["marketo"], "flush")
    await settle()
    assert await statuses_of(http, [opened, held, manual, graced]) == [OPEN, *waiting]
    assert sum(run["succeeded"] for run in await runs_of(http, campaign)) == 2


async def test_the_list_shows_key_members_and_both_moments(http: httpx.AsyncClient) -> None:
    first, second = [await a_held_campaign(http) for _ in range(2)]
    for campaign in (first, first, second):
        await post(http, campaign)

    found = await windows_of(http)

    assert [each["key"] for each in found] == [
        {"user": "marketo", "campaign_id": campaign["id"]} for campaign in (first, second)
    ]
    assert [each["members"] for each in found] == [2, 1]
    for each in found:
        assert moment(each["closes_at"]) - moment(each["opened_at"]) == DELAY
        assert each["closed_at"] is each["held_until"] is None


async def test_the_list_is_narrowed_and_paged(http: httpx.AsyncClient) -> None:
    campaigns = [await a_held_campaign(http) for _ in range(3)]
    for campaign in campaigns:
        await post(http, campaign)
    ids = [each["id"] for each in await windows_of(http)]
    await move(http, {"id": ids[1]}, "flush")

    first = await get(http, "windows", limit=2)
    rest = await get(http, "windows", limit=2, cursor=first["next_cursor"])

    assert [each["id"] for each in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None
    assert [each["id"] for each in await windows_of(http, open=False)] == [ids[1]]
    assert [each["id"] for each in await windows_of(http, open=True)] == [ids[0], ids[2]]
    assert [each["id"] for each in await windows_of(http, campaign=campaigns[2]["id"])] == [ids[2]]
