"""Windows: one per user and campaign, closed by time, size or hand; only due rows leave."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from app.core.auth import Scope
from app.core.resources import Resources
from app.models.states import ResponseStatus
from app.responses.intake.items import Submission, parse_item
from app.responses.intake.transaction import take_in
from tests.conftest import MakeTenant, Tenant
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    Json,
    a_campaign,
    an_item,
    configure,
    get,
    listed,
    listed_responses,
    move,
    post,
    runs_of,
    status_of,
    statuses_of,
    windows_of,
)

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN
A_LITTLE, MINUTE, HOUR = timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1)
DELAY = timedelta(minutes=5)


async def the_window(http: httpx.AsyncClient, campaign: Json) -> Json:
    found = await windows_of(http, campaign=campaign["id"])
    assert len(found) == 1
    return found[0]


async def a_held_campaign(http: httpx.AsyncClient, **settings: int) -> Json:
    """A campaign to which the responses of `marketo` are held for five minutes."""
    await configure(http, listed(), **settings)
    return await a_campaign(http)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def ahead(http: httpx.AsyncClient, campaign: Json, step: timedelta) -> str:
    """Business time so far behind the opening of the campaign's window."""
    window = await the_window(http, campaign)
    return (moment(window["opened_at"]) + step).isoformat()


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
    tenant: Tenant, resources: Resources, settle: Settle
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
    await configure(tenant.http)  # so that the crowd leaves in few chunks


async def test_a_flushed_window_keeps_who_why_how_many_and_when(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_held_campaign(http)
    taken = [await post(http, campaign) for _ in range(2)]
    window = await the_window(http, campaign)

    flushed = (await move(http, window, "flush")).json()
    await settle()

    assert await statuses_of(http, taken) == [OPEN] * 2
    assert (flushed["closed_by"], flushed["closed_who"]) == ("flush", "marketo")
    assert flushed["members"] == 2
    assert moment(window["opened_at"]) < moment(flushed["closed_at"]) < moment(window["closes_at"])
    assert await the_window(http, campaign) == flushed


@pytest.mark.parametrize("deed", ["flush", "hold", "release"])
async def test_a_closed_window_cannot_be_moved(http: httpx.AsyncClient, deed: str) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)
    body = {"until": await ahead(http, campaign, HOUR)} if deed == "hold" else {}
    await move(http, window, "flush")

    answer = await move(http, window, deed, **body)

    assert (answer.status_code, answer.json()["code"]) == (409, "window_closed")


async def test_two_flushes_at_once_close_a_window_once(http: httpx.AsyncClient) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)

    answers = await asyncio.gather(*(move(http, window, "flush") for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]


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


async def test_a_held_window_outlives_its_delay_and_its_size_until_the_hold_ends(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_held_campaign(http, scoring_batch_size=2)
    taken = [await post(http, campaign) for _ in range(3)]
    until = await ahead(http, campaign, HOUR)
    held = (await move(http, await the_window(http, campaign), "hold", until=until)).json()

    await settle()
    await advance(DELAY + A_LITTLE)
    await settle()
    assert await statuses_of(http, taken) == [PENDING] * 3
    assert moment(held["held_until"]) == moment(until)

    await advance(HOUR - DELAY)
    await settle()
    window = await the_window(http, campaign)
    assert await statuses_of(http, taken) == [OPEN] * 3
    assert (window["closed_by"], window["held_by"], window["members"]) == (
        "hold_ended",
        "marketo",
        3,
    )


async def test_a_hold_that_ends_before_closes_at_leaves_the_delay_to_close(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    until = await ahead(http, campaign, MINUTE)
    await move(http, await the_window(http, campaign), "hold", until=until)

    await advance(2 * MINUTE)
    await settle()
    assert (await the_window(http, campaign))["closed_at"] is None

    await advance(3 * MINUTE + A_LITTLE)
    await settle()
    assert (await the_window(http, campaign))["closed_by"] == "delay"


async def test_holding_again_moves_the_end(http: httpx.AsyncClient) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)

    for step in (HOUR, 2 * HOUR):
        await move(http, window, "hold", until=await ahead(http, campaign, step))

    held = await the_window(http, campaign)
    assert moment(held["held_until"]) - moment(held["opened_at"]) == 2 * HOUR
    assert held["closes_at"] == window["closes_at"]


async def test_a_hold_needs_a_moment_within_the_next_24_hours(http: httpx.AsyncClient) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)
    too_far = await ahead(http, campaign, 24 * HOUR + MINUTE)
    past = await ahead(http, campaign, -MINUTE)

    refused = [
        await move(http, window, "hold"),
        await http.post(f"/v1/windows/{window['id']}/hold", json={}),
        await move(http, window, "hold", until=too_far),
        await move(http, window, "hold", until=past),
        await move(http, window, "hold", until="2026-01-01T00:00:00"),
    ]

    assert [answer.status_code for answer in refused] == [422] * 5
    assert [answer.json()["code"] for answer in refused[2:4]] == [
        "hold_too_long",
        "hold_in_the_past",
    ]
    assert await the_window(http, campaign) == window


async def test_release_before_closes_at_leaves_the_window_to_its_own_time(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)
    await move(http, window, "hold", until=await ahead(http, campaign, HOUR))

    released = (await move(http, window, "release")).json()
    again = await move(http, window, "release")
    await settle()

    assert released == window
    assert again.json() == window
    assert await the_window(http, campaign) == window
    await advance(DELAY)
    await settle()
    assert (await the_window(http, campaign))["closed_by"] == "delay"


async def test_release_after_closes_at_closes_at_once(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_held_campaign(http)
    taken = await post(http, campaign)
    window = await the_window(http, campaign)
    await move(http, window, "hold", until=await ahead(http, campaign, HOUR))
    await advance(DELAY)

    released = (await move(http, window, "release")).json()
    await settle()

    assert (released["closed_by"], released["closed_who"]) == ("hold_ended", "marketo")
    assert released["members"] == 1
    assert await status_of(http, taken) == OPEN


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


@pytest.mark.parametrize("deed", ["flush", "hold", "release"])
async def test_another_accounts_window_is_not_found(
    http: httpx.AsyncClient, make_tenant: MakeTenant, deed: str
) -> None:
    campaign = await a_held_campaign(http)
    await post(http, campaign)
    window = await the_window(http, campaign)
    until = await ahead(http, campaign, HOUR)
    stranger = await make_tenant()

    answer = await move(stranger.http, window, deed, **({"until": until} if deed == "hold" else {}))

    assert (answer.status_code, answer.json()["code"]) == (404, "window_not_found")
    assert await windows_of(stranger.http) == []
    assert await the_window(http, campaign) == window


@pytest.mark.parametrize("deed", ["flush", "hold", "release"])
async def test_moving_a_window_needs_the_scope_operate(
    tenant: Tenant, make_tenant: MakeTenant, deed: str
) -> None:
    campaign = await a_held_campaign(tenant.http)
    await post(tenant.http, campaign)
    window = await the_window(tenant.http, campaign)
    reader = await make_tenant(Scope.READ, Scope.INGEST, user="bi", account=tenant.name)

    answer = await move(reader.http, window, deed)

    assert answer.status_code == 403
    assert await the_window(reader.http, campaign) == window


def a_submission(
    tenant: Tenant, campaign: Json, *, user: str = "marketo", user_id: UUID | None = None
) -> Submission:
    """One response as the desk takes it in."""
    return Submission(
        account_id=tenant.account_id,
        user_id=user_id or tenant.caller.user_id,
        user=user,
        key_id=None,
        items=(parse_item(an_item(campaign), 0),),
        size=1,
    )
