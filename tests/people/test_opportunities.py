"""Opportunities and their contacts."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.conftest import MakeTenant
from tests.people.making import an_email, an_external_id, pointers_of, upsert

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def make(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/v1/opportunities", json={"name": "Big deal"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_an_opportunity_is_open_and_without_contacts_at_first(
    http: httpx.AsyncClient,
) -> None:
    made = await make(http, external_id=an_external_id(), amount=1234.5)

    answer = await http.get(f"/v1/opportunities/{made['id']}")

    assert answer.json() == made
    assert answer.headers["ETag"] == '"1"'
    assert (made["state"], made["amount"], made["contacts"]) == ("open", "1234.50", [])
    assert made["closed_at"] is None


async def test_closing_is_stamped_once_and_undone_by_reopening(http: httpx.AsyncClient) -> None:
    path = f"/v1/opportunities/{(await make(http))['id']}"

    won = (await http.patch(path, json={"state": "won"})).json()
    lost = (await http.patch(path, json={"state": "lost"})).json()
    opened = (await http.patch(path, json={"state": "open"})).json()

    assert won["closed_at"] is not None
    assert lost["closed_at"] == won["closed_at"]
    assert opened["closed_at"] is None


async def test_a_patch_honours_the_etag_and_erases_with_null(http: httpx.AsyncClient) -> None:
    made = await make(http, amount="10", external_id=an_external_id())
    path = f"/v1/opportunities/{made['id']}"

    changed = await http.patch(path, json={"amount": None}, headers={"If-Match": '"1"'})
    stale = await http.patch(path, json={"name": "X"}, headers={"If-Match": '"1"'})
    nameless = await http.patch(path, json={"name": None})

    assert (changed.json()["amount"], changed.json()["name"]) == (None, "Big deal")
    assert changed.json()["external_id"] == made["external_id"]
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert pointers_of(nameless) == [("/name", "never_null")]


async def test_an_external_id_belongs_to_one_opportunity(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    external_id = an_external_id()
    await make(one.http, external_id=external_id)
    another = await make(one.http)

    made = await one.http.post("/v1/opportunities", json={"name": "N", "external_id": external_id})
    changed = await one.http.patch(
        f"/v1/opportunities/{another['id']}", json={"external_id": external_id}
    )

    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (409, "external_id_taken")
    assert (await make(two.http, external_id=external_id))["external_id"] == external_id


async def test_putting_contacts_replaces_them(http: httpx.AsyncClient) -> None:
    path = f"/v1/opportunities/{(await make(http))['id']}"
    people = [(await upsert(http, email=an_email()))["id"] for _ in range(3)]

    await http.put(f"{path}/contacts", json={"contacts": [{"person_id": p} for p in people]})
    answer = await http.put(
        f"{path}/contacts", json={"contacts": [{"person_id": people[1], "role": "buyer"}]}
    )

    contacts = [{"person_id": people[1], "role": "buyer"}]
    assert (answer.status_code, answer.json()["contacts"]) == (200, contacts)
    assert (await http.get(path)).json()["contacts"] == contacts
    listed = (await http.get("/v1/opportunities")).json()["items"]
    assert [one["contacts"] for one in listed] == [contacts]
    emptied = await http.put(f"{path}/contacts", json={"contacts": []})
    assert emptied.json()["contacts"] == []


async def test_an_unknown_contact_is_refused_and_nothing_changes(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    path = f"/v1/opportunities/{(await make(one.http))['id']}"
    mine = (await upsert(one.http, email=an_email()))["id"]
    theirs = (await upsert(two.http, email=an_email()))["id"]
    await one.http.put(f"{path}/contacts", json={"contacts": [{"person_id": mine}]})

    answer = await one.http.put(
        f"{path}/contacts",
        json={"contacts": [{"person_id": p} for p in (str(uuid7()), mine, theirs)]},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "person_not_found")
    assert pointers_of(answer) == [
        ("/contacts/0/person_id", "person_not_found"),
        ("/contacts/2/person_id", "person_not_found"),
    ]
    kept = (await one.http.get(path)).json()["contacts"]
    assert [contact["person_id"] for contact in kept] == [mine]


async def test_a_person_is_no_contact_twice(http: httpx.AsyncClient) -> None:
    path = f"/v1/opportunities/{(await make(http))['id']}"
    person = (await upsert(http, email=an_email()))["id"]

    answer = await http.put(
        f"{path}/contacts", json={"contacts": [{"person_id": person}, {"person_id": person}]}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "person_twice")
    assert pointers_of(answer) == [("/contacts/1/person_id", "person_twice")]


async def test_opportunities_come_in_pages(http: httpx.AsyncClient) -> None:
    made = [(await make(http))["id"] for _ in range(3)]

    first = (await http.get("/v1/opportunities?limit=2")).json()
    second = (
        await http.get("/v1/opportunities", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()

    assert [one["id"] for one in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "amount", [-1, 1.005, True, "NaN", "Infinity", 10**17, "x", [], {}, "1e400", 1e300, "1" * 5000]
)
async def test_an_amount_that_is_none_is_refused(http: httpx.AsyncClient, amount: Any) -> None:
    answer = await http.post("/v1/opportunities", json={"name": "N", "amount": amount})

    assert (answer.status_code, pointers_of(answer)[0][0]) == (422, "/amount")
