"""What people do with windows: flush, hold, release; and what they may not."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from app.core.auth import Scope
from app.models.states import ResponseStatus
from tests.conftest import MakeTenant, Tenant
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    a_held_campaign,
    ahead,
    moment,
    move,
    post,
    status_of,
    statuses_of,
    the_window,
    windows_of,
)

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN
A_LITTLE, MINUTE, HOUR = timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1)
DELAY = timedelta(minutes=5)


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
