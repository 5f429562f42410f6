"""Another account's people and opportunities do not exist; scopes say what a key may do."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from tests.conftest import MakeTenant
from tests.people.making import an_email, an_external_id, upsert
from tests.people.test_opportunities import make


async def test_another_accounts_ids_are_not_found(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    person = (await upsert(two.http, email=an_email()))["id"]
    opportunity = (await make(two.http))["id"]

    answers = await asyncio.gather(
        one.http.get(f"/v1/people/{person}"),
        one.http.patch(f"/v1/people/{person}", json={"title": "VP"}),
        one.http.post(f"/v1/people/{person}/convert"),
        one.http.post("/v1/people", json={"id": person, "title": "VP"}),
        one.http.get(f"/v1/opportunities/{opportunity}"),
        one.http.patch(f"/v1/opportunities/{opportunity}", json={"name": "N"}),
        one.http.put(f"/v1/opportunities/{opportunity}/contacts", json={"contacts": []}),
    )

    assert [answer.status_code for answer in answers] == [404] * 7
    assert {answer.json()["code"] for answer in answers} == {
        "person_not_found",
        "opportunity_not_found",
    }
    assert (await two.http.get(f"/v1/people/{person}")).headers["ETag"] == '"1"'


async def test_two_accounts_share_identities_without_meeting(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    identity = {"email": an_email(), "external_id": an_external_id()}

    mine, theirs = await upsert(one.http, **identity), await upsert(two.http, **identity)

    assert mine["id"] != theirs["id"]
    for tenant, person in ((one, mine), (two, theirs)):
        listed = (await tenant.http.get("/v1/people", params=identity)).json()["items"]
        assert [item["id"] for item in listed] == [person["id"]]


ID = str(uuid7())
READS = [("GET", "/v1/people"), ("GET", f"/v1/people/{ID}"), ("GET", "/v1/opportunities"),
         ("GET", f"/v1/opportunities/{ID}")]  # fmt: skip
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/people", {"email": "a@example.com"}),
    ("PATCH", f"/v1/people/{ID}", {}),
    ("POST", f"/v1/people/{ID}/convert", None),
    ("POST", "/v1/opportunities", {"name": "N"}),
    ("PATCH", f"/v1/opportunities/{ID}", {}),
    ("PUT", f"/v1/opportunities/{ID}/contacts", {"contacts": []}),
]


def is_refused(answer: httpx.Response) -> bool:
    if answer.status_code == 403:
        assert answer.json()["code"] == "missing_scope"
    return answer.status_code == 403


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.PLATFORM])
async def test_reads_need_read_and_writes_need_ingest_or_manage(
    make_tenant: MakeTenant, scope: Scope
) -> None:
    http = (await make_tenant(scope)).http

    for method, path in READS:
        answer = await http.request(method, path)
        assert is_refused(answer) == (scope is not Scope.READ)
    for method, path, body in WRITES:
        answer = await http.request(method, path, json=body)
        assert is_refused(answer) == (scope not in (Scope.INGEST, Scope.MANAGE))
