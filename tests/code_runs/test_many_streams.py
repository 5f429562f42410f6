"""How many runs may be followed at once: so many of an account, so many of all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.core.settings import Http, Limits, Settings
from app.main import create_app
from tests.code_runs.making import published, start
from tests.code_runs.test_own_api import served
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import PATIENCE_SECONDS, until
from tests.jobs.making import refused


@dataclass
class Followed:
    """A run that nobody works on, and who follows it, on a server of the test's own."""

    http: httpx.AsyncClient
    path: str

    @classmethod
    async def of(cls, tenant: Tenant, port: int) -> "Followed":
        run_id: UUID = await start(tenant.http, await published(tenant.http))
        headers = {"Authorization": f"Bearer {tenant.key}"}
        url = f"http://127.0.0.1:{port}"
        http = httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_SECONDS)
        return cls(http, f"/v1/runs/{run_id}/events")

    async def answer(self) -> httpx.Response:
        """The answer's head, and its body where it is a refusal."""
        async with self.http.stream("GET", self.path) as answer:
            if answer.status_code != 200:
                await answer.aread()
        return answer

    async def is_let_in(self) -> bool:
        return (await self.answer()).status_code == 200


@pytest.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    limits = Limits(streams=2, streams_in_all=3)
    changed = {"limits": limits, "http": Http(stream_timeout=timedelta(minutes=1))}
    async with _serving(settings.model_copy(update=changed)) as port:
        yield port


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[int]:
    app = create_app(settings)
    async with app.router.lifespan_context(app), served(app) as port:
        yield port
        app.state.resources.is_stopping = True


async def test_an_account_follows_so_many_and_another_its_own(
    port: int, make_tenant: MakeTenant
) -> None:
    first, second = [await Followed.of(await make_tenant(), port) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for _ in range(2):
            stream = first.http.stream("GET", first.path)
            assert (await stack.enter_async_context(stream)).status_code == 200
        too_many = await first.answer()
        others = await stack.enter_async_context(second.http.stream("GET", second.path))
        full = await second.answer()

        assert others.status_code == 200
        refused(too_many, 429, "too_many_streams")
        refused(full, 503, "no_room_for_streams")
        assert {too_many.headers["Retry-After"], full.headers["Retry-After"]} == {"5"}
    await until(first.is_let_in)
    await asyncio.gather(first.http.aclose(), second.http.aclose())


async def test_a_refused_stream_takes_no_place(port: int, tenant: Tenant) -> None:
    followed = await Followed.of(tenant, port)
    for _ in range(4):
        answer = await followed.http.get("/v1/runs/0198c0de-0000-7000-8000-000000000000/events")
        refused(answer, 404, "run_not_found")

    assert await followed.is_let_in()
    await followed.http.aclose()
