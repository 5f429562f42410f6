"""A single response arrives in as many pieces as it likes, or not at all."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.conftest import Tenant
from tests.imports.uploads_making import in_chunks
from tests.responses.intake_making import a_campaign, item, listed

JSON = {"Content-Type": "application/json"}


def pieces_of(body: dict[str, Any]) -> list[bytes]:
    whole = json.dumps(body).encode()
    return [whole[:1], whole[1:40], b"", whole[40:]]


async def test_a_body_in_pieces_is_one_body(tenant: Tenant) -> None:
    campaign = await a_campaign(tenant.http)
    body = in_chunks(pieces_of(item(campaign, "ada@example.com", external_id="ext-1")))

    answer = await tenant.http.post("/v1/responses", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["external_id"]) == (201, "ext-1")


@pytest.mark.parametrize("so_many", [0, 1, 2])
async def test_who_leaves_before_the_end_has_sent_nothing(
    app: FastAPI, tenant: Tenant, so_many: int
) -> None:
    campaign = await a_campaign(tenant.http)
    pieces = pieces_of(item(campaign, "ada@example.com"))[:so_many]
    answered: list[Any] = []

    async def came() -> AsyncIterator[dict[str, Any]]:
        for piece in pieces:
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.disconnect"}

    messages = came()

    async def receive() -> dict[str, Any]:
        return await anext(messages)

    async def send(message: Any) -> None:
        answered.append(message)

    shown = {**JSON, "Authorization": f"Bearer {tenant.key}"}
    headers = [(name.lower().encode(), value.encode()) for name, value in shown.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/responses", "headers": headers}
    await app(scope, receive, send)

    assert answered == []
    assert await listed(tenant.http) == []


@pytest.mark.parametrize("number", [10**30, -(2**63) - 1, 0.1, 1e16])
async def test_numbers_stay_what_they_were(tenant: Tenant, number: float) -> None:
    campaign = await a_campaign(tenant.http)

    await tenant.http.post(
        "/v1/responses", json=item(campaign, "ada@example.com", attributes={"amount": number})
    )

    [kept] = await listed(tenant.http)
    assert kept["attributes"] == {"amount": number}
