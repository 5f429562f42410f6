"""Many items in one request: each has a result of its own, and all share one transaction."""

import json
from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.responses.schemas import MOST_ITEMS
from tests.campaigns.making import pointers_of
from tests.conftest import Tenant
from tests.people.making import an_email, upsert
from tests.responses.intake_making import (
    JSON,
    MANY,
    NINE,
    a_campaign,
    item,
    listed,
    people,
    post_all,
    results_of,
    score_later,
    take,
    take_all,
    transactions_of,
)


async def test_every_item_has_its_own_result(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, repeat_limit=2)
    await take(http, item(campaign, external_id="m-0"))

    answer = await post_all(
        http,
        [
            item(campaign, external_id="m-0"),
            item(campaign, external_id="m-1"),
            item(campaign, external_id="m-2"),
            item(campaign, member_status="Sent", external_id="m-3"),
            item("nope", external_id="m-4"),
            item(campaign, {}, external_id="m-5"),
            item(campaign, "bob@example.com", score="1", external_id="m-6"),
            "canary",
        ],
    )

    found = answer.json()["results"]
    assert results_of(found) == [
        "duplicate", "repeat", "skipped: repeat_limit", "skipped: status_not_higher",
        "rejected: campaign_not_found", "rejected: person_without_identity", "rejected: invalid",
        "rejected: invalid",
    ]  # fmt: skip
    assert [one["index"] for one in found] == list(range(8))
    assert [one["external_id"] for one in found] == [*(f"m-{n}" for n in range(7)), None]
    assert [one["id"] is None for one in found] == [False] * 4 + [True] * 4
    assert "canary" not in answer.text


async def test_the_summary_accounts_for_every_item(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    items = [
        item(campaign, member_status="Sent"),
        item(campaign, external_id="m-1"),
        item(campaign),
        item(campaign, "bob@example.com"),
        item(campaign, external_id="m-1"),
        item(campaign, member_status="Sent"),
        item("nope"),
        None,
    ]

    summary = (await post_all(http, items)).json()["summary"]

    assert summary == {
        "total": 8,
        "succeeded": 4,
        "skipped": 2,
        "failed": 2,
        "created": 2,
        "updated": 1,
        "repeat": 1,
        "duplicate": 1,
    }
    assert summary["total"] == sum(summary[part] for part in ("succeeded", "skipped", "failed"))


async def test_a_later_item_sees_the_earlier_one(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    found = await take_all(
        http,
        [
            item(campaign, member_status="Sent"),
            item(campaign, member_status="Responded"),
            item(campaign, member_status="Responded"),
        ],
    )

    assert results_of(found) == ["created", "updated", "repeat"]
    assert [one["repeat_number"] for one in await listed(http)] == [1, 2]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"score": "5"}, "/score"),
        ({"shoe_size": 5}, "/shoe_size"),
        ({"responded_at": "2026-03-10T09:00:00"}, "/responded_at"),
        ({"person": {"email": "nobody"}}, "/person/email"),
        ({"person": {"email": "a@example.com", "attributes": {"a": "\x00"}}},
         "/person/attributes/a"),
        ({"campaign": 5}, "/campaign"),
    ],
)  # fmt: skip
async def test_one_bad_item_spoils_no_other_and_is_pointed_at(
    http: httpx.AsyncClient, wrong: dict[str, Any], pointer: str
) -> None:
    campaign = await a_campaign(http)

    found = await take_all(
        http,
        [item(campaign, "a@example.com"), item(campaign) | wrong, item(campaign, "b@example.com")],
    )

    assert results_of(found) == ["created", "rejected: invalid", "created"]
    assert [error["pointer"] for error in found[1]["errors"]] == [f"/responses/1{pointer}"]
    assert len(await listed(http)) == 2


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ([], "", "dict_type"),
        (None, "", "dict_type"),
        ({}, "/responses", "list_type"),
        ({"responses": None}, "/responses", "list_type"),
        ({"responses": {}}, "/responses", "list_type"),
        ({"responses": "canary"}, "/responses", "list_type"),
        ({"responses": [], "canary": 1}, "", "extra_forbidden"),
        ({"responses": [None] * (MOST_ITEMS + 1)}, "/responses", "too_long"),
    ],
)
async def test_what_is_no_list_of_items_is_422_as_a_whole(
    http: httpx.AsyncClient, body: Any, pointer: str, code: str
) -> None:
    answer = await http.post(MANY, content=json.dumps(body), headers=JSON)

    assert answer.status_code == 422
    assert pointers_of(answer) == [(pointer, code)]
    assert "canary" not in answer.text


async def test_an_empty_list_is_taken(http: httpx.AsyncClient) -> None:
    answer = await post_all(http, [])

    assert answer.status_code == 200
    assert answer.json()["results"] == []
    assert set(answer.json()["summary"].values()) == {0}


async def test_ten_thousand_items_are_one_transaction_and_a_bad_one_is_left_out(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    items = [item(campaign, f"p{n}@example.com", external_id=f"m-{n}") for n in range(MOST_ITEMS)]
    items[4_711]["score"] = "canary"

    answer = await post_all(tenant.http, items)

    assert answer.status_code == 202
    summary, found = answer.json()["summary"], answer.json()["results"]
    assert (summary["total"], summary["created"], summary["failed"]) == (MOST_ITEMS, 9_999, 1)
    assert found[4_711]["errors"][0]["pointer"] == "/responses/4711/score"
    assert [one["external_id"] for one in found] == [f"m-{n}" for n in range(MOST_ITEMS)]
    assert list((await transactions_of(resources, tenant)).values()) == [9_999]


async def test_a_small_batch_is_one_transaction(tenant: Tenant, resources: Resources) -> None:
    await score_later(tenant.http)
    campaign = await a_campaign(tenant.http)

    await take_all(tenant.http, [item(campaign, f"p{n}@example.com") for n in range(20)])
    await take_all(tenant.http, [item(campaign, f"q{n}@example.com") for n in range(21)])

    assert sorted((await transactions_of(resources, tenant)).values()) == [20, 21]


async def test_who_is_who_within_a_request_follows_the_order_of_its_items(
    http: httpx.AsyncClient,
) -> None:
    """The first item finds Bob by his address; only the second makes somebody new."""
    one, two = await a_campaign(http), await a_campaign(http)
    bob = await upsert(http, external_id="crm-1", email="bob@example.com")

    found = await take_all(
        http,
        [item(one, {"external_id": "crm-2", "email": "bob@example.com"}),
         item(two, {"external_id": "crm-2"})],
    )  # fmt: skip

    assert results_of(found) == ["created", "created"]
    assert [one["warnings"] for one in found] == [["identity_conflict"], []]
    first, second = await listed(http)
    assert first["person_id"] == bob["id"] != second["person_id"]


async def test_what_a_duplicate_would_have_merged_decides_nothing(
    http: httpx.AsyncClient,
) -> None:
    """A fold without records takes the first item for new, and Cyd for Ada."""
    one, two = await a_campaign(http), await a_campaign(http)
    ada = await upsert(http, external_id="crm-1")
    cyd = await upsert(http, email="cyd@example.com")
    await take(http, item(one, {"id": ada["id"]}, responded_at=NINE))
    await take(http, item(two, {"id": cyd["id"]}))

    found = await take_all(
        http,
        [
            item(one, {"id": ada["id"], "external_id": "crm-2"}, responded_at=NINE),
            item(two, {"external_id": "crm-2", "email": "cyd@example.com"}),
            item(one, {"email": an_email(), "external_id": "crm-3"}),
        ],
    )

    assert results_of(found) == ["duplicate", "repeat", "created"]
    known = {one["id"]: one["external_id"] for one in await people(http)}
    assert len(known) == 3
    assert (known[ada["id"]], known[cyd["id"]]) == ("crm-1", "crm-2")


async def test_somebody_whom_only_the_first_fold_made_is_not_left_behind(
    http: httpx.AsyncClient,
) -> None:
    """Without the duplicate's merge, the address gives Ada the external id that she lacks."""
    campaign = await a_campaign(http)
    ada = await upsert(http, email="ada@example.com")
    await take(http, item(campaign, responded_at=NINE))

    found = await take_all(
        http,
        [
            item(campaign, {"email": "ada@example.com", "external_id": "x"}, responded_at=NINE),
            item(campaign, {"email": "ada@example.com", "external_id": "y"}),
            item(campaign, {"external_id": "y"}),
        ],
    )

    assert results_of(found) == ["duplicate", "repeat", "repeat"]
    (left,) = await people(http)
    assert (left["id"], left["external_id"]) == (ada["id"], "y")


async def test_every_word_of_an_attribute_of_a_known_person_is_written(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    for value in (1, True, 1.5, "1"):
        await take(http, item(campaign, {"email": "a@example.com", "attributes": {"a": value}}))

        (person,) = await people(http)
        assert person["attributes"]["a"] is value or person["attributes"]["a"] == value
        assert type(person["attributes"]["a"]) is type(value)
