"""Responses as lists: filtered, page by page, each exactly once."""

from urllib.parse import urlencode

import httpx
import pytest

from app.core.ids import uuid7
from tests.campaigns.making import make_campaign, pointers_of
from tests.responses.intake_making import ONE, item, listed, score_later, take_all


async def ids(http: httpx.AsyncClient, **params: str) -> list[str]:
    return [one["id"] for one in await listed(http, **params)]


@pytest.mark.parametrize("limit", [1, 7, 25, 26, 1000])
async def test_pages_are_complete_and_without_doubles(http: httpx.AsyncClient, limit: int) -> None:
    campaign = await make_campaign(http)
    taken = await take_all(http, [item(campaign["code"], f"p{n}@example.com") for n in range(25)])

    found = await ids(http, limit=str(limit))

    assert found == [one["id"] for one in taken]


async def test_what_comes_in_meanwhile_is_on_a_later_page(http: httpx.AsyncClient) -> None:
    code = (await make_campaign(http))["code"]
    taken = await take_all(http, [item(code, f"p{n}@example.com") for n in range(3)])
    first = (await http.get(ONE, params={"limit": 2})).json()

    taken += await take_all(http, [item(code, f"q{n}@example.com") for n in range(2)])
    rest = (await http.get(ONE, params={"cursor": first["next_cursor"]})).json()

    shown = [one["id"] for one in first["items"] + rest["items"]]
    assert shown == [one["id"] for one in taken]
    assert rest["next_cursor"] is None


async def test_a_list_is_narrowed_by_campaign_person_and_status(http: httpx.AsyncClient) -> None:
    await score_later(http)
    one, two = await make_campaign(http), await make_campaign(http)
    taken = await take_all(
        http,
        [
            item(one["code"]),
            item(one["code"], "bob@example.com", member_status="Sent"),
            item(two["code"]),
        ],
    )
    ada_in_one, bob_in_one, ada_in_two = (result["id"] for result in taken)
    ada = (await listed(http))[0]["person_id"]

    assert await ids(http, campaign=one["id"]) == [ada_in_one, bob_in_one]
    assert await ids(http, campaign=two["code"]) == [ada_in_two]
    assert await ids(http, person=ada) == [ada_in_one, ada_in_two]
    assert await ids(http, status="Not a Response") == [bob_in_one]
    assert await ids(http, status="Pending - Scoring", campaign=one["code"], person=ada) == [
        ada_in_one
    ]
    assert await ids(http, campaign="nope") == await ids(http, person=str(uuid7())) == []


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"status": "canary"}, "?status"),
        ({"person": "canary"}, "?person"),
        ({"campaign": "canary\x00"}, "?campaign"),
        ({"campaign": "canary" * 100}, "?campaign"),
        ({"limit": "0"}, "?limit"),
        ({"limit": "1001"}, "?limit"),
        ({"limit": "canary"}, "?limit"),
        ({"cursor": "canary"}, "?cursor"),
        ({"cursor": "canary\x00\ud83d"}, "?cursor"),
        ({"cursor": "c" * 501}, "?cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(
    http: httpx.AsyncClient, params: dict[str, str], pointer: str
) -> None:
    shown = {name: value.encode("utf-8", "surrogatepass") for name, value in params.items()}
    answer = await http.get(f"{ONE}?{urlencode(shown)}")

    assert answer.status_code == 422
    assert [place for place, _ in pointers_of(answer)] == [pointer]
    assert "canary" not in answer.text


@pytest.mark.parametrize("path", [f"{ONE}/canary", f"{ONE}/%00", f"{ONE}/canary/score"])
async def test_an_id_that_is_none_is_422(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 422
    assert "canary" not in answer.text


@pytest.mark.parametrize("more", ["", "/score"])
async def test_an_unknown_response_is_404(http: httpx.AsyncClient, more: str) -> None:
    answer = await http.get(f"{ONE}/{uuid7()}{more}")

    assert (answer.status_code, answer.json()["code"]) == (404, "response_not_found")
