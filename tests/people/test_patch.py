"""`PATCH /v1/people/{id}`: null erases, taken identities are refused."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.people.making import an_email, an_external_id, pointers_of, read, upsert


async def test_null_erases_and_absence_does_not(http: httpx.AsyncClient) -> None:
    made = await upsert(
        http, email=an_email(), external_id=an_external_id(), title="VP", company="Acme",
        attributes={"a": 1, "b": 2},
    )  # fmt: skip

    answer = await http.patch(
        f"/v1/people/{made['id']}",
        json={"email": None, "title": None, "attributes": {"a": None, "c": 3}},
    )

    changed = answer.json()
    assert (answer.status_code, changed["email"], changed["title"]) == (200, None, None)
    assert (changed["company"], changed["attributes"]) == ("Acme", {"b": 2, "c": 3})
    listed = await http.get("/v1/people", params={"email": made["email"]})
    assert listed.json()["items"] == []


async def test_null_attributes_erase_all_of_them(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email(), attributes={"a": 1})

    answer = await http.patch(f"/v1/people/{made['id']}", json={"attributes": None})

    assert answer.json()["attributes"] == {}


@pytest.mark.parametrize("field", ["score", "opted_out", "do_pending_scoring"])
async def test_what_is_never_empty_cannot_be_null(http: httpx.AsyncClient, field: str) -> None:
    made = await upsert(http, email=an_email())

    answer = await http.patch(f"/v1/people/{made['id']}", json={field: None})

    assert (answer.status_code, pointers_of(answer)) == (422, [(f"/{field}", "never_null")])


@pytest.mark.parametrize(
    ("field", "code"), [("email", "email_taken"), ("external_id", "external_id_taken")]
)
async def test_a_taken_identity_is_refused_with_409(
    http: httpx.AsyncClient, field: str, code: str
) -> None:
    one = await upsert(http, email=an_email(), external_id=an_external_id())
    two = await upsert(http, email=an_email(), external_id=an_external_id())

    answer = await http.patch(f"/v1/people/{two['id']}", json={field: one[field], "title": "VP"})

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert one[field] not in answer.text
    assert (await read(http, two))["title"] is None


async def test_a_stale_etag_is_refused_with_412(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())
    path = f"/v1/people/{made['id']}"

    first = await http.patch(path, json={"title": "VP"}, headers={"If-Match": '"1"'})
    stale = await http.patch(path, json={"title": "CEO"}, headers={"If-Match": '"1"'})

    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert (await http.get(path)).headers["ETag"] == '"2"'


async def test_of_two_patches_with_one_etag_one_wins(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())
    path = f"/v1/people/{made['id']}"

    answers = await asyncio.gather(
        *(
            http.patch(path, json={"title": title}, headers={"If-Match": '"1"'})
            for title in ("VP", "CEO", "CTO")
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


async def test_a_patch_of_nothing_changes_nothing(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())

    answer = await http.patch(f"/v1/people/{made['id']}", json={})

    assert answer.headers["ETag"] == '"1"'
    assert answer.json()["updated_at"] == made["updated_at"]


@pytest.mark.parametrize("body", [{"id": str(uuid7())}, {"kind": "contact"}, {"nurture_until": 1}])
async def test_what_a_patch_cannot_write_is_no_field(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    made = await upsert(http, email=an_email())

    answer = await http.patch(f"/v1/people/{made['id']}", json=body)

    assert (answer.status_code, pointers_of(answer)) == (
        422,
        [(f"/{next(iter(body))}", "extra_forbidden")],
    )
