"""What the tests of people send and keep."""

from typing import Any
from uuid import UUID

import httpx

from app.core.ids import uuid7


def an_email() -> str:
    return f"{uuid7().hex}@example.com"


def an_external_id() -> str:
    return f"crm-{uuid7().hex}"


async def upsert(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/v1/people", json=fields)
    assert answer.status_code in (200, 201), answer.text
    person: dict[str, Any] = answer.json()
    return person


async def read(http: httpx.AsyncClient, person: dict[str, Any]) -> dict[str, Any]:
    answer = await http.get(f"/v1/people/{person['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def id_of(person: dict[str, Any]) -> UUID:
    return UUID(person["id"])


def pointers_of(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
