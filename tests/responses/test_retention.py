"""What is over is deleted in its time, and nothing else."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.core.resources import Resources
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import Tenant
from tests.responses.conftest import advancing
from tests.walls.databases import a_database
from tests.walls.place import Place
from workers import maintenance
from workers.sweep import settle
from workers.work import Work

TABLES = ("windows", "events", "runs", "intake_keys", "responses")


async def counts(resources: Resources, tenant: Tenant) -> dict[str, int]:
    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        return {
            table: await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0
            for table in TABLES
        }


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    """Where nobody else is: what is over is looked for in each account there is."""
    async with a_database() as database_url:
        app = create_app(settings.model_copy(update={"database_url": SecretStr(database_url)}))
        async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
            yield Place(app, database_url, stack)


async def test_windows_and_events_go_after_30_days_runs_and_intake_keys_after_400(
    place: Place,
) -> None:
    resources, tenant = place.resources, await place.a_stranger()
    advance, work = advancing(place.database_url), Work(place.resources)
    await tenant.http.post("/v1/campaigns", json={"code": "c", "name": "c", "score": 100})
    held = {"async_users": [{"user": "marketo", "delay": "PT1M"}]}
    await tenant.http.put("/v1/scoring/settings", json=held)
    item = {"external_id": "e1", "campaign": "c", "person": {"email": "ada@example.com"}}
    await tenant.http.post("/v1/responses", json=item)
    await advance(timedelta(minutes=2))
    await settle(work)

    await advance(timedelta(days=29))
    await maintenance.forget_what_is_over(work)
    young = await counts(resources, tenant)
    await advance(timedelta(days=2))
    await maintenance.forget_what_is_over(work)
    month = await counts(resources, tenant)
    await advance(timedelta(days=370))
    await maintenance.forget_what_is_over(work)
    year = await counts(resources, tenant)

    assert young == {"windows": 1, "events": 2, "runs": 1, "intake_keys": 1, "responses": 1}
    assert month == {"windows": 0, "events": 0, "runs": 1, "intake_keys": 1, "responses": 1}
    assert year == {"windows": 0, "events": 0, "runs": 0, "intake_keys": 0, "responses": 1}
