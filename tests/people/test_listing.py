"""`GET /v1/people`: filters, pages, cursors."""

import httpx
import pytest

from tests.conftest import MakeTenant
from tests.people.making import an_email, an_external_id, pointers_of, upsert


async def test_people_are_found_by_email_without_case_and_by_external_id(
    http: httpx.AsyncClient,
) -> None:
    made = await upsert(http, email=an_email(), external_id=an_external_id())
    await upsert(http, email=an_email())

    by_email = await http.get("/v1/people", params={"email": made["email"].upper()})
    by_external_id = await http.get("/v1/people", params={"external_id": made["external_id"]})
    by_both = await http.get(
        "/v1/people", params={"email": an_email(), "external_id": made["external_id"]}
    )

    assert [one["id"] for one in by_email.json()["items"]] == [made["id"]]
    assert [one["id"] for one in by_external_id.json()["items"]] == [made["id"]]
    assert by_both.json() == {"items": [], "next_cursor": None}


async def test_pages_follow_each_other_without_gap_or_double(http: httpx.AsyncClient) -> None:
    made = [(await upsert(http, email=an_email()))["id"] for _ in range(5)]

    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/v1/people", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made


async def test_a_cursor_of_another_account_list_or_filter_is_refused(
    make_tenant: MakeTenant,
) -> None:
    one, two = await make_tenant(), await make_tenant()
    for _ in range(2):
        await upsert(one.http, email=an_email())
    cursor = (await one.http.get("/v1/people?limit=1")).json()["next_cursor"]

    answers = [
        await two.http.get("/v1/people", params={"cursor": cursor}),
        await one.http.get("/v1/opportunities", params={"cursor": cursor}),
        await one.http.get("/v1/people", params={"cursor": cursor, "email": "a@x.de"}),
        await one.http.get("/v1/people", params={"cursor": "garbage"}),
        await one.http.get("/v1/people", params={"cursor": "W10"}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
        assert pointers_of(answer) == [("?cursor", "bad_cursor")]


@pytest.mark.parametrize("limit", ["0", "1001", "x", "1e3", ""])
async def test_a_limit_outside_1_to_1000_is_refused(http: httpx.AsyncClient, limit: str) -> None:
    answer = await http.get("/v1/people", params={"limit": limit})

    assert answer.status_code == 422
    assert pointers_of(answer)[0][0] == "?limit"


@pytest.mark.parametrize("parameter", ["email", "external_id"])
async def test_a_nul_in_a_filter_is_refused(http: httpx.AsyncClient, parameter: str) -> None:
    answer = await http.get("/v1/people", params={parameter: "a\x00b"})

    assert (answer.status_code, pointers_of(answer)) == (422, [(f"?{parameter}", "bad_text")])
