"""What a caller is told: the status code, where to look, when to look again."""

from typing import Any

import httpx
import pytest

from tests.responses.intake_making import (
    MANUAL,
    a_campaign,
    item,
    post,
    post_all,
    read,
    score_later,
    take,
)


async def test_a_resolved_response_is_201_with_its_location(http: httpx.AsyncClient) -> None:
    answer = await post(http, item(await a_campaign(http, score=100)))

    assert (answer.status_code, answer.json()["status"]) == (201, "Open - Not Contacted")
    assert answer.headers["Location"] == f"/v1/responses/{answer.json()['id']}"
    assert "Retry-After" not in answer.headers
    assert (await http.get(answer.headers["Location"])).json()["id"] == answer.json()["id"]


@pytest.mark.parametrize(
    ("scoring", "wait"),
    [
        ({}, "1"),
        ({"async_users": [{"user": "marketo", "delay": "PT90S"}]}, "90"),
        (MANUAL, None),
    ],
)
async def test_a_pending_response_is_202_and_says_when_to_look_again(
    http: httpx.AsyncClient, scoring: dict[str, Any], wait: str | None
) -> None:
    await score_later(http, **scoring)

    answer = await post(http, item(await a_campaign(http)))

    assert (answer.status_code, answer.json()["status"]) == (202, "Pending - Scoring")
    assert answer.headers["Location"] == f"/v1/responses/{answer.json()['id']}"
    assert answer.headers.get("Retry-After") == wait


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"external_id": "m-1"}),
        ({"member_status": "Sent"}, {"member_status": "Sent"}),
        ({}, {"member_status": "Sent"}),
    ],
)
@pytest.mark.parametrize("is_pending", [False, True])
async def test_a_duplicate_or_skipped_item_is_200_even_where_its_record_is_pending(
    http: httpx.AsyncClient, first: dict[str, str], second: dict[str, str], is_pending: bool
) -> None:
    if is_pending:
        await score_later(http)
    campaign = await a_campaign(http, repeat_limit=1)
    taken = await take(http, item(campaign, **first))

    answer = await post(http, item(campaign, **second))

    assert answer.status_code == 200
    assert answer.json()["status"] == taken["status"]
    assert answer.headers["Location"] == f"/v1/responses/{taken['id']}"


async def test_what_is_not_a_response_is_200(http: httpx.AsyncClient) -> None:
    answer = await post(http, item(await a_campaign(http), member_status="Sent"))

    assert (answer.status_code, answer.json()["result"]) == (200, "created")


async def test_a_rejected_item_is_422(http: httpx.AsyncClient) -> None:
    answer = await post(http, item("nope"))

    assert (answer.status_code, answer.json()["code"]) == (422, "campaign_not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Location" not in answer.headers


async def test_an_invalid_item_is_422_with_pointers(http: httpx.AsyncClient) -> None:
    answer = await post(http, {"person": {"email": 1}, "score": "5", "shoe": 1})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/campaign", "missing"),
        ("/person/email", "string_type"),
        ("/score", "int_type"),
        ("/shoe", "extra_forbidden"),
    }


async def test_a_batch_is_200_or_202_if_any_is_pending(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    at_once = await post_all(http, [item(campaign), item("nope")])
    await score_later(http)
    refused = await post_all(
        http, [item("nope"), item(campaign, "b@example.com", member_status="Sent")]
    )
    later = await post_all(http, [item("nope"), item(campaign)])

    assert [answer.status_code for answer in (at_once, refused, later)] == [200, 200, 202]
    assert later.headers["Retry-After"] == "1"
    assert "Retry-After" not in at_once.headers


async def test_every_answer_says_what_is_left_of_the_rate(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    for answer in (
        await post(http, item(campaign)),
        await post_all(http, []),
        await post(http, {}),
    ):
        assert answer.headers["RateLimit-Policy"] == '"second";q=3000;w=1'
        assert answer.headers["RateLimit"].startswith('"second";r=29')


async def test_a_response_reads_back_as_it_was_answered(http: httpx.AsyncClient) -> None:
    taken = await take(http, item(await a_campaign(http), external_id="m-1", response_prompt=True))

    record = await read(http, taken)

    assert (record["id"], record["status"]) == (taken["id"], taken["status"])
    assert (record["external_id"], record["response_prompt"]) == ("m-1", True)
