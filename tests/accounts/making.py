"""What the tests of keys make."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlmodel import col, select

from app.core import clock
from app.core.resources import Resources
from app.models import ApiKey
from tests.conftest import Tenant

Using = Callable[[str], httpx.AsyncClient]


async def make_key(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/v1/api-keys", json={"user": "ann", "scopes": ["read"]} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def status_with(client: httpx.AsyncClient) -> int:
    async with client:
        return (await client.get("/v1/account")).status_code


async def listed_key(tenant: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    listed = (await tenant.http.get("/v1/api-keys")).json()["items"]
    found: dict[str, Any] = next(key for key in listed if key["id"] == made["api_key"]["id"])
    return found


async def expire(resources: Resources, tenant: Tenant, key_id: str, *, ago: timedelta) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        key = (await session.exec(select(ApiKey).where(col(ApiKey.id) == UUID(key_id)))).one()
        key.expires_at = clock.real_now() - ago
