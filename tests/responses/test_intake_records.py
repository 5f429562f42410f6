"""What an item does to the latest record of its person in its campaign."""

from typing import Any

import httpx
import pytest

from tests.conftest import MakeTenant, Tenant
from tests.responses.intake_making import (
    NINE,
    TEN,
    a_campaign,
    item,
    listed,
    read,
    results_of,
    score_later,
    take,
    take_all,
)

LADDER = [
    {"name": "Sent", "responded": False, "step": 1},
    {"name": "Also sent", "responded": False, "step": 1},
    {"name": "Opened", "responded": False, "step": 5},
    {"name": "Clicked", "responded": True, "step": 3},
    {"name": "Bought", "responded": True, "step": 9},
]


@pytest.mark.parametrize(
    ("latest", "given", "result"),
    [
        (None, "Sent", "created"),
        (None, "Bought", "created"),
        ("Sent", "Opened", "updated"),
        ("Sent", "Clicked", "updated"),
        ("Opened", "Clicked", "updated"),
        ("Sent", "Sent", "skipped: status_not_higher"),
        ("Sent", "Also sent", "skipped: status_not_higher"),
        ("Opened", "Sent", "skipped: status_not_higher"),
        ("Clicked", "Sent", "skipped: status_not_higher"),
        ("Clicked", "Opened", "skipped: status_not_higher"),
        ("Clicked", "Clicked", "repeat"),
        ("Clicked", "Bought", "repeat"),
        ("Bought", "Clicked", "repeat"),
    ],
)
@pytest.mark.parametrize("is_one_request", [False, True])
async def test_the_latest_record_decides(
    http: httpx.AsyncClient, latest: str | None, given: str, result: str, is_one_request: bool
) -> None:
    campaign = await a_campaign(http, member_statuses=LADDER)
    items = [item(campaign, member_status=status) for status in (latest, given) if status]

    if is_one_request:
        found = await take_all(http, items)
    else:
        found = [await take(http, sent) for sent in items]

    assert results_of(found)[-1] == result
    is_same = len({one["id"] for one in found}) == 1
    assert is_same == (result not in ("created", "repeat") or latest is None)


async def test_another_sender_without_an_id_does_not_take_over_the_last_ones(
    tenant: Tenant, make_tenant: MakeTenant
) -> None:
    other = await make_tenant(user="forms", account=tenant.name)
    campaign = await a_campaign(tenant.http, member_statuses=LADDER)
    await take(tenant.http, item(campaign, external_id="a-1", member_status="Sent"))
    await take(tenant.http, item(campaign, member_status="Opened"))
    (kept,) = await listed(tenant.http)

    await take(other.http, item(campaign, member_status="Clicked"))

    (taken,) = await listed(tenant.http)
    assert (kept["user"], kept["external_id"]) == ("marketo", "a-1")
    assert (taken["user"], taken["external_id"]) == ("forms", None)


async def test_an_update_moves_the_record_itself(http: httpx.AsyncClient) -> None:
    await score_later(http)
    campaign = await a_campaign(http)
    sent = item(
        campaign, member_status="Sent", responded_at=NINE, score=5, attributes={"a": 1, "b": 1}
    )
    first = await read(http, await take(http, sent))

    answered = item(campaign, responded_at=TEN, external_id="m-1", attributes={"b": 2})
    second = await read(http, await take(http, answered))

    moved = ("member_status", "is_responded", "status", "responded_at", "external_id")
    assert [first[name] for name in moved] == ["Sent", False, "Not a Response", NINE, None]
    assert [second[name] for name in moved] == [
        "Responded", True, "Pending - Scoring", TEN, "m-1",
    ]  # fmt: skip
    assert (second["id"], second["repeat_number"], second["score"]) == (first["id"], 1, 5)
    assert second["attributes"] == {"a": 1, "b": 2}


async def test_a_repeat_is_a_new_record_with_the_next_number(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    found = [await read(http, await take(http, item(campaign, score=n))) for n in range(3)]

    assert [one["repeat_number"] for one in found] == [1, 2, 3]
    assert [one["score"] for one in found] == [0, 1, 2]
    assert await listed(http) == found


@pytest.mark.parametrize(
    ("of_account", "of_campaign", "limit"), [(2, None, 2), (2, 3, 3), (3, 2, 2), (2, 0, 1)]
)
@pytest.mark.parametrize("is_one_request", [False, True])
async def test_repeats_end_at_the_campaigns_limit_or_else_the_accounts(
    http: httpx.AsyncClient,
    of_account: int,
    of_campaign: int | None,
    limit: int,
    is_one_request: bool,
) -> None:
    await score_later(http, repeat_limit=of_account)
    campaign = await a_campaign(http, repeat_limit=of_campaign)
    items = [item(campaign) for _ in range(limit + 2)]

    if is_one_request:
        found = await take_all(http, items)
    else:
        found = [await take(http, sent) for sent in items]

    assert results_of(found[:limit]) == ["created", *["repeat"] * (limit - 1)]
    assert results_of(found[limit:]) == ["skipped: repeat_limit"] * 2
    assert {one["id"] for one in found[limit:]} == {found[limit - 1]["id"]}
    assert len(await listed(http)) == limit


async def test_the_limit_is_25_unless_it_is_set(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    found = await take_all(http, [item(campaign) for _ in range(26)])

    assert results_of(found[24:]) == ["repeat", "skipped: repeat_limit"]


async def test_records_of_another_campaign_do_not_count(http: httpx.AsyncClient) -> None:
    one, two = await a_campaign(http), await a_campaign(http)

    found = await take_all(http, [item(one), item(two), item(one), item(two)])

    assert results_of(found) == ["created", "created", "repeat", "repeat"]


@pytest.mark.parametrize("mode", ["later", "at once"])
async def test_a_record_that_has_not_responded_is_not_a_response_and_waits_for_nothing(
    http: httpx.AsyncClient, mode: str
) -> None:
    if mode == "later":
        await score_later(http)
    campaign = await a_campaign(http, score=100)

    taken = await take(http, item(campaign, member_status="Sent"))

    assert (taken["result"], taken["status"]) == ("created", "Not a Response")
    record = await read(http, taken)
    assert (record["is_responded"], record["scored_at"], record["resolved_at"]) == (
        False, None, None,
    )  # fmt: skip
    (found,) = (await http.get("/v1/campaigns", params={"code": campaign})).json()["items"]
    stats = (await http.get(f"/v1/campaigns/{found['id']}/stats")).json()
    assert stats["statuses"]["Not a Response"] == stats["total"] == 1
    assert stats["pending"] == {"scoring": 0, "resolution": 0, "in_windows": 0}


async def test_a_response_gets_pending_scoring(http: httpx.AsyncClient) -> None:
    await score_later(http)

    taken = await take(http, item(await a_campaign(http)))

    assert taken["status"] == "Pending - Scoring"


async def test_the_counts_of_a_campaign_follow_every_step(http: httpx.AsyncClient) -> None:
    await score_later(http)
    campaign = await a_campaign(http)
    await take(http, item(campaign, member_status="Sent"))
    await take_all(http, [item(campaign), item(campaign), item(campaign, member_status="Sent")])

    (found,) = (await http.get("/v1/campaigns", params={"code": campaign})).json()["items"]
    stats = (await http.get(f"/v1/campaigns/{found['id']}/stats")).json()

    counts = {status: n for status, n in stats["statuses"].items() if n}
    assert counts == {"Pending - Scoring": 2}
    assert stats["pending"]["scoring"] == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"deep": {"a": [1, 2.5, True, None, "x"]}}},
        {"attributes": {}},
        {"score": -7},
        {"score": 1_000_000_000},
        {"responded_at": "2026-03-10T09:00:00.123456Z"},
        {"responded_at": "2026-03-10T10:30:00+05:30"},
        {"responded_at": "1969-12-31T23:59:59Z"},
        {"responded_at": "9999-12-31T23:59:59Z"},
        {"attributes": None, "score": None, "responded_at": None, "external_id": None},
    ],
)
async def test_what_an_item_says_is_kept(http: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    wanted = {name: value for name, value in fields.items() if value is not None}
    if fields.get("responded_at") == "2026-03-10T10:30:00+05:30":
        wanted["responded_at"] = "2026-03-10T05:00:00Z"

    record = await read(http, await take(http, item(await a_campaign(http), **fields)))

    assert {name: record[name] for name in wanted} == wanted
    assert (record["user"], record["mode"]) == ("marketo", "synchronous")
