"""Requests a second and key."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from app.core.settings import Limits, Settings
from app.main import create_app
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import until

LIMIT = 3


@pytest.fixture
async def limited(settings: Settings, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant's client of an application that grants few requests a second."""
    app = create_app(settings.model_copy(update={"limits": Limits(others=LIMIT)}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {tenant.key}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://penstock", headers=headers
        ) as client,
    ):
        yield client


async def test_more_than_the_limit_is_429_with_retry_after(limited: httpx.AsyncClient) -> None:
    began = time.monotonic()
    answers = await asyncio.gather(*(limited.get("/v1/account") for _ in range(20 * LIMIT)))
    seconds = int(time.monotonic()) - int(began) + 1

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert len(answers) - len(refused) <= LIMIT * seconds
    for answer in refused:
        assert answer.json()["code"] == "too_many_requests"
        assert answer.headers["Retry-After"] == "1"


async def test_the_headers_say_what_is_left(limited: httpx.AsyncClient) -> None:
    answer = await limited.get("/v1/account")

    assert answer.headers["RateLimit-Policy"] == f'"second";q={LIMIT};w=1'
    assert answer.headers["RateLimit"] == f'"second";r={LIMIT - 1};t=1'


async def test_after_a_second_requests_are_granted_again(limited: httpx.AsyncClient) -> None:
    await asyncio.gather(*(limited.get("/v1/account") for _ in range(4 * LIMIT)))

    async def is_granted() -> bool:
        return (await limited.get("/v1/account")).status_code == 200

    await until(is_granted)


async def test_one_keys_storm_leaves_the_others_alone(
    limited: httpx.AsyncClient, make_tenant: MakeTenant
) -> None:
    other = await make_tenant()
    await asyncio.gather(*(limited.get("/v1/account") for _ in range(4 * LIMIT)))

    answer = await limited.get("/v1/account", headers={"Authorization": f"Bearer {other.key}"})

    assert answer.status_code == 200
