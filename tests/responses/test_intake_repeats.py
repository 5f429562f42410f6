"""`Idempotency-Key` on intake: a request repeated under the same key has its effect once."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from app.core.settings import Settings
from tests.conftest import Tenant
from tests.responses.intake_making import (
    MANY,
    ONE,
    Item,
    a_campaign,
    another_process,
    item,
    listed,
    post,
)

URL = "/v1/integrations/marketo"
WEBHOOK = f"{URL}/responses"


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid7().hex}


@pytest.fixture
async def campaign(http: httpx.AsyncClient) -> str:
    code = await a_campaign(http, score=100)
    mapping = {"campaign": {"value": code}, "person.email": {"field": "email"}}
    await http.put(URL, json={"mapping": mapping})
    return code


def body_for(path: str, campaign: str, email: str = "ada@example.com") -> Item:
    if path == WEBHOOK:
        return {"email": email}
    sent = item(campaign, email)
    return {"responses": [sent] * 3} if path == MANY else sent


@pytest.mark.parametrize("path", [ONE, MANY, WEBHOOK])
async def test_the_same_key_and_body_give_the_same_bytes_and_one_effect(
    http: httpx.AsyncClient, campaign: str, path: str
) -> None:
    headers, body = a_key(), body_for(path, campaign)

    first = await http.post(path, json=body, headers=headers)
    taken = await listed(http)
    again = await http.post(path, json=body, headers=headers)

    assert first.status_code == (200 if path == MANY else 201)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for header in ("Content-Type", "Location"):
        assert again.headers.get(header) == first.headers.get(header)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await listed(http) == taken


@pytest.mark.parametrize("path", [ONE, MANY, WEBHOOK])
async def test_the_same_key_with_other_content_is_422(
    http: httpx.AsyncClient, campaign: str, path: str
) -> None:
    headers = a_key()
    await http.post(path, json=body_for(path, campaign), headers=headers)
    taken = await listed(http)

    other = body_for(path, campaign, "bob@example.com")
    answer = await http.post(path, json=other, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await listed(http) == taken


@pytest.mark.parametrize("path", [ONE, MANY, WEBHOOK])
async def test_concurrent_twins_have_one_effect(
    settings: Settings, tenant: Tenant, campaign: str, path: str
) -> None:
    headers, body = a_key(), body_for(path, campaign)

    async with another_process(settings, tenant) as other:
        answers = await asyncio.gather(
            *((tenant.http, other)[n % 2].post(path, json=body, headers=headers) for n in range(8))
        )

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(await listed(tenant.http)) == (3 if path == MANY else 1)


async def test_a_rejection_is_kept_even_when_its_cause_is_gone(http: httpx.AsyncClient) -> None:
    headers, sent = a_key(), item("spring")

    refused = await post(http, sent, **headers)
    await a_campaign(http, code="spring")
    again = await post(http, sent, **headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "campaign_not_found")
    assert (again.status_code, again.content) == (422, refused.content)
    assert await listed(http) == []


@pytest.mark.parametrize(
    ("path", "malformed"),
    [(ONE, {"score": "5"}), (MANY, {"responses": 1}), (WEBHOOK, {"email": "nobody"})],
)
async def test_a_malformed_request_uses_up_no_key(
    http: httpx.AsyncClient, campaign: str, path: str, malformed: dict[str, Any]
) -> None:
    headers = a_key()

    refused = await http.post(path, json=malformed, headers=headers)
    taken = await http.post(path, json=body_for(path, campaign), headers=headers)

    assert refused.status_code == 422
    assert taken.status_code in (200, 201)


async def test_a_key_means_another_request_on_another_path(
    http: httpx.AsyncClient, campaign: str
) -> None:
    headers = a_key()

    answers = [
        await http.post(path, json=body_for(path, campaign), headers=headers)
        for path in (ONE, MANY, WEBHOOK)
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert len(await listed(http)) == 5


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_no_use_is_refused(http: httpx.AsyncClient, campaign: str, key: str) -> None:
    answer = await post(http, item(campaign), **{"Idempotency-Key": key})

    assert answer.status_code == 422
