"""The sandbox clock: business time moves forward, and everything due on the way finishes."""

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from app.core.resources import Resources
from app.core.settings import Settings
from app.main import create_app
from app.models import INSTALLATION
from app.runs import clock
from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant, Tenant
from tests.fires.test_clock import advance
from workers.clock import advance_if_asked
from workers.work import Work


@pytest.fixture
async def platform(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant(platform=True, user="operator")


@pytest.fixture
async def _worker(resources: Resources) -> AsyncIterator[None]:
    async with keeping_the_clock(resources):
        yield


async def now_of(http: httpx.AsyncClient) -> datetime:
    return datetime.fromisoformat((await http.get("/v1/clock")).json()["now"])


async def a_held_response(http: httpx.AsyncClient, delay: str) -> str:
    await http.post("/v1/campaigns", json={"code": "c", "name": "c"})
    held = {"async_users": [{"user": "marketo", "delay": delay}]}
    await http.put("/v1/scoring/settings", json=held)
    item = {"campaign": "c", "person": {"email": "ada@example.com"}}
    taken = await http.post("/v1/responses", json=item)
    assert taken.status_code == 202
    return str(taken.headers["Location"])


@pytest.mark.usefixtures("_worker")
async def test_advancing_moves_now_and_answers_200_when_done(platform: Tenant) -> None:
    began, before = time.monotonic(), await now_of(platform.http)

    answer = await platform.http.post("/v1/clock/advance", json={"by": "PT30M"})

    assert answer.status_code == 200
    assert answer.json()["is_advancing"] is False
    moved = datetime.fromisoformat(answer.json()["now"]) - before
    beside = timedelta(seconds=time.monotonic() - began)
    assert timedelta(minutes=30) <= moved <= timedelta(minutes=30) + beside


@pytest.mark.usefixtures("_worker")
async def test_everything_due_on_the_way_finishes(
    make_tenant: MakeTenant, http: httpx.AsyncClient
) -> None:
    place = await a_held_response(http, "PT1H")

    await advance(make_tenant, "PT3H")
    response = (await http.get(place)).json()
    window = (await http.get("/v1/windows")).json()["items"][0]

    assert response["status"] == "Resolved - No Action Required"
    assert window["closed_by"] == "delay"
    late = datetime.fromisoformat(window["closed_at"]) - datetime.fromisoformat(window["closes_at"])
    assert late < timedelta(minutes=1)  # closed at its own moment, not at the target


@pytest.mark.usefixtures("_worker")
async def test_the_clock_can_be_moved_to_a_moment(platform: Tenant) -> None:
    target = await now_of(platform.http) + timedelta(days=2)

    answer = await platform.http.post("/v1/clock/advance", json={"to": target.isoformat()})

    assert datetime.fromisoformat(answer.json()["now"]) >= target


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"by": "PT0S"},
        {"to": "2001-01-01T00:00:00Z"},
        {"by": "PT1M", "to": "2999-01-01T00:00:00Z"},
        {"by": "P999999999D"},
        {"by": "P3000000D"},
        {"to": "9999-12-31T23:59:59Z"},
    ],
)
async def test_the_clock_goes_forward_only(platform: Tenant, order: dict[str, Any]) -> None:
    answer = await platform.http.post("/v1/clock/advance", json=order)

    assert (answer.status_code, answer.json()["code"]) == (422, "clock_goes_forward")


async def test_the_clock_is_moved_one_at_a_time(platform: Tenant, resources: Resources) -> None:
    async with resources.unit_of_work(INSTALLATION) as session:
        run_id, _ = await clock.ask(session, by=timedelta(minutes=1), to=None, who="test")

    second = await platform.http.post("/v1/clock/advance", json={"by": "PT1M"})
    shown = (await platform.http.get("/v1/clock")).json()
    await advance_if_asked(Work(resources))
    run = (await platform.http.get(f"/v1/runs/{run_id}")).json()

    assert (second.status_code, second.json()["code"]) == (409, "clock_is_advancing")
    assert shown["is_advancing"] is True
    assert run["state"] == "succeeded"


async def test_only_the_installation_moves_the_clock(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(Scope.ADMIN, Scope.OPERATE)

    answer = await tenant.http.post("/v1/clock/advance", json={"by": "PT1M"})

    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_there_is_no_clock_outside_a_sandbox(settings: Settings, platform: Tenant) -> None:
    app = create_app(settings.model_copy(update={"sandbox": False}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://penstock") as http,
    ):
        answer = await http.get("/v1/clock", headers={"Authorization": f"Bearer {platform.key}"})

    assert (answer.status_code, answer.json()["code"]) == (403, "sandbox_only")
