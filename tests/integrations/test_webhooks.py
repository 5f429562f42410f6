"""A foreign webhook, by the integration's saved mapping, becomes a response."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.campaigns.making import pointers_of
from tests.conftest import MakeTenant, Tenant
from tests.responses.intake_making import (
    Item,
    a_campaign,
    listed,
    people,
    person_of,
    read,
    score_later,
)

URL = "/v1/integrations/marketo"
WEBHOOK = f"{URL}/responses"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
CANARY = "canary-7f3a"
MAPPING: dict[str, Any] = {
    "campaign": {"field": "program.code", "default": "spring"},
    "external_id": {"field": "activity_id"},
    "member_status": {"field": "status"},
    "responded_at": {
        "field": "at",
        "format": "%Y-%m-%d %H:%M:%S",
        "timezone": "America/Chicago",
    },
    "score": {"field": "points", "default": 5},
    "response_prompt": {"field": "hot"},
    "attributes.page": {"field": "url"},
    "person.email": {"field": "lead.Email"},
    "person.external_id": {"field": "lead.Id"},
    "person.title": {"field": "lead.Title"},
    "person.score": {"field": "lead.Score"},
    "person.email_opted_out": {"field": "lead.Unsubscribed"},
    "person.lead_source": {"value": "Marketo"},
    "person.attributes.region": {"field": "lead.Region"},
}
FLAT: dict[str, str] = {
    "activity_id": "9001",
    "status": "Responded",
    "at": "2026-07-10 09:00:00",
    "points": " 7 ",
    "hot": "",
    "url": "https://example.com/?a=1&b=2",
    "lead.Email": " Ada+x@Example.com ",
    "lead.Id": "42",
    "lead.Title": "VP Ingénierie",
    "lead.Score": "95.0",
    "lead.Unsubscribed": "TRUE",
    "lead.Region": "EMEA",
    "unmapped": CANARY,
}
DEEP: dict[str, Any] = {
    "activity_id": 9001,
    "status": "Responded",
    "at": "2026-07-10 09:00:00",
    "points": 7,
    "hot": None,
    "url": "https://example.com/?a=1&b=2",
    "lead": {
        "Email": " Ada+x@Example.com ",
        "Id": 42,
        "Title": "VP Ingénierie",
        "Score": 95,
        "Unsubscribed": True,
        "Region": "EMEA",
    },
    "unmapped": CANARY,
}


@pytest.fixture
async def campaign(http: httpx.AsyncClient) -> str:
    await http.put(URL, json={"mapping": MAPPING})
    return await a_campaign(http, code="spring")


async def post_form(http: httpx.AsyncClient, fields: dict[str, str]) -> httpx.Response:
    return await http.post(WEBHOOK, content=urlencode(fields), headers=FORM)


async def post_json(http: httpx.AsyncClient, fields: Any) -> httpx.Response:
    return await http.post(WEBHOOK, content=json.dumps(fields), headers=JSON)


@pytest.mark.parametrize("kind", ["form", "json"])
async def test_a_form_and_json_become_the_same_response(
    http: httpx.AsyncClient, campaign: str, kind: str
) -> None:
    answer = await (post_form(http, FLAT) if kind == "form" else post_json(http, DEEP))

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/responses/{answer.json()['id']}"
    record, person = await read(http, answer.json()), await person_of(http, answer.json())
    assert {name: record[name] for name in ("external_id", "responded_at", "score", "user")} == {
        "external_id": "9001",
        "responded_at": "2026-07-10T14:00:00Z",
        "score": 7,
        "user": "marketo",
    }
    assert record["attributes"] == {"page": "https://example.com/?a=1&b=2"}
    expected: Item = {
        "email": "Ada+x@Example.com",
        "external_id": "42",
        "title": "VP Ingénierie",
        "score": 95,
        "email_opted_out": True,
        "lead_source": "Marketo",
        "attributes": {"region": "EMEA"},
    }
    assert {name: person[name] for name in expected} == expected
    # 95 of the person and 7 of the response reach the threshold of 100.
    assert record["score_total"] == 102
    assert record["status"] == "Open - Not Contacted"


async def test_a_webhook_sent_again_is_a_duplicate(http: httpx.AsyncClient, campaign: str) -> None:
    first = await post_form(http, FLAT)
    again = await post_json(http, DEEP)

    assert (again.status_code, again.json()["result"]) == (200, "duplicate")
    assert again.json()["id"] == first.json()["id"]
    assert len(await listed(http)) == 1


async def test_webhooks_without_an_id_are_duplicates_by_their_moment(
    http: httpx.AsyncClient, campaign: str
) -> None:
    sent = {name: value for name, value in FLAT.items() if name != "activity_id"}

    answers = [await post_form(http, sent) for _ in range(2)]

    assert [answer.json()["result"] for answer in answers] == ["created", "duplicate"]


async def test_what_is_missing_takes_its_default_or_stays_away(
    http: httpx.AsyncClient, campaign: str
) -> None:
    answer = await post_form(http, {"lead.Email": "bob@example.com", "status": ""})

    record, person = await read(http, answer.json()), await person_of(http, answer.json())
    assert (record["member_status"], record["score"], record["external_id"]) == (
        "Responded", 5, None,
    )  # fmt: skip
    assert record["attributes"] == person["attributes"] == {}
    assert (person["title"], person["score"], person["email_opted_out"]) == (None, 0, False)


async def test_a_blank_field_never_erases(http: httpx.AsyncClient, campaign: str) -> None:
    await post_form(http, FLAT)

    answer = await post_form(
        http, FLAT | {"activity_id": "9002", "lead.Title": "", "lead.Score": " "}
    )

    person = await person_of(http, answer.json())
    assert (person["title"], person["score"]) == ("VP Ingénierie", 95)


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"program.code": "nope"}, "campaign_not_found", "/campaign"),
        ({"status": "Nope"}, "unknown_member_status", "/member_status"),
        ({"lead.Email": "", "lead.Id": ""}, "person_without_identity", "/person"),
        ({"lead.Email": CANARY}, "validation_failed", "/person/email"),
        ({"lead.Score": CANARY}, "validation_failed", "/person/score"),
        ({"lead.Unsubscribed": CANARY}, "validation_failed", "/person/email_opted_out"),
        ({"points": "7.5"}, "validation_failed", "/score"),
        ({"at": CANARY}, "validation_failed", "/responded_at"),
        ({"at": "2026-02-30 09:00:00"}, "validation_failed", "/responded_at"),
        ({"activity_id": CANARY * 100}, "validation_failed", "/external_id"),
        ({"lead.Title": f"{CANARY}\x00"}, "validation_failed", "/person/title"),
        ({"url": f"{CANARY}\x00"}, "validation_failed", "/attributes/page"),
    ],
)
async def test_what_makes_no_sense_is_422_and_may_be_resent_corrected(
    http: httpx.AsyncClient, campaign: str, changed: dict[str, str], code: str, pointer: str
) -> None:
    refused = await post_form(http, FLAT | changed)
    taken = await post_form(http, FLAT)

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [place for place, _ in pointers_of(refused)] == [pointer]
    assert CANARY not in refused.text
    assert (taken.status_code, taken.json()["result"]) == (201, "created")


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        (FORM, b"a=%FF", 422),
        (FORM, b"a=\xff", 422),
        (FORM, b"&".join([b"canary-7f3a=1"] * 1_001), 422),
        (FORM, b"", 422),
        (FORM, b"&&==&%", 422),
        (FORM, b"lead.Email=a%00%40example.com", 422),
        (JSON, b"", 422),
        (JSON, b"{", 422),
        (JSON, b"[]", 422),
        (JSON, b"null", 422),
        (JSON, b'{"points": NaN}', 422),
        (JSON, b'{"points": 1e400}', 422),
        (JSON, b'{"lead": {"Email": "\xff"}}', 422),
        (JSON, b'{"lead": {"Email": "a@example.com", "Title": "\\ud800"}}', 422),
        (JSON, b'{"lead": {"Email": "a@example.com", "Title": "\\u0000"}}', 422),
        (JSON, b'{"lead": {"Email": ["canary-7f3a"]}}', 422),
        (JSON, b'{"lead": "canary-7f3a"}', 422),
        (JSON, b'{"lead":' * 50_000, 422),
        (JSON, b'{"lead": {"Id": 1, "Region": ' + b"[" * 20 + b"]" * 20 + b"}}", 422),
        ({"Content-Type": "text/plain"}, b"a=1", 415),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}, b"a=1", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"a=1", 415),
        ({}, b"a=1", 415),
    ],
    ids=range(23),
)  # fmt: skip
async def test_a_body_nobody_can_read_is_refused_and_not_repeated(
    http: httpx.AsyncClient, campaign: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = await http.post(WEBHOOK, content=content, headers=headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert CANARY not in answer.text
    assert await listed(http) == await people(http) == []


async def test_an_unknown_integration_is_404(http: httpx.AsyncClient, campaign: str) -> None:
    answer = await http.post("/v1/integrations/eloqua/responses", json=DEEP)

    assert (answer.status_code, answer.json()["code"]) == (404, "integration_not_found")


async def test_another_accounts_integration_is_404(make_tenant: MakeTenant) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    await theirs.http.put(URL, json={"mapping": MAPPING})
    await a_campaign(theirs.http, code="spring")

    answer = await post_form(mine.http, FLAT)

    assert (answer.status_code, answer.json()["code"]) == (404, "integration_not_found")
    assert await listed(theirs.http) == []


async def test_a_changed_mapping_counts_from_the_next_webhook(
    http: httpx.AsyncClient, campaign: str
) -> None:
    await post_form(http, FLAT)
    await http.put(URL, json={"mapping": MAPPING | {"score": {"value": 50}}})

    answer = await post_form(http, FLAT | {"activity_id": "9002"})

    assert (await read(http, answer.json()))["score"] == 50


async def test_a_storm_of_webhooks_is_taken_in_whole(tenant: Tenant) -> None:
    await score_later(tenant.http)
    await tenant.http.put(URL, json={"mapping": MAPPING})
    await a_campaign(tenant.http, code="spring")

    answers = await asyncio.gather(
        *(
            post_form(
                tenant.http,
                FLAT
                | {
                    "activity_id": str(n // 2),
                    "lead.Email": f"p{n // 2}@example.com",
                    "lead.Id": "",
                },
            )
            for n in range(100)
        )
    )

    results = [answer.json()["result"] for answer in answers]
    assert (results.count("created"), results.count("duplicate")) == (50, 50)
    assert len(await listed(tenant.http)) == len(await people(tenant.http)) == 50
