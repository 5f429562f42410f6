"""An account whose events are delivered within the test's own process, to private networks too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from app.core import clock
from app.core.resources import Resources
from app.core.settings import Settings, Webhooks
from app.main import create_app
from app.notifications.outbox import EventType, Happening, emit
from tests.conftest import Tenant
from tests.faults.processes import PATIENCE_SECONDS
from tests.notifications.receiving import Receiver
from workers.deliveries import _is_left, deliver_due
from workers.work import Work

Json = dict[str, Any]


@dataclass(frozen=True)
class Office:
    """The account, the application through which it is seen, and its worker."""

    http: httpx.AsyncClient
    resources: Resources
    account_id: UUID
    work: Work
    database_url: str

    async def endpoint(self, where: Receiver | str, **fields: object) -> Json:
        """Made over HTTP; with its secret beside it."""
        url = where if isinstance(where, str) else where.url()
        made = await self.http.post("/v1/webhook-endpoints", json={"url": url, **fields})
        assert made.status_code == 201, made.text
        found: Json = made.json()
        return {**found["webhook_endpoint"], "secret": found["secret"]}

    async def happens(
        self, *words: EventType, data: Json | None = None, account_id: UUID | None = None
    ) -> list[str]:
        """Events, in one transaction; returns their ids."""
        owner = account_id or self.account_id
        told = [
            Happening(owner, word, data or {"n": n})
            for n, word in enumerate(words or (EventType.RUN_FAILED,))
        ]
        async with self.resources.unit_of_work(owner) as session:
            await emit(session, told, at=clock.business_now(session))
        return [str(one.id) for one in told]

    async def deliver(self) -> None:
        """Everything that is due now, once, however long it takes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await deliver_due(self.work)
            while await _is_left(self.work):
                await deliver_due(self.work)

    async def deliveries(self, endpoint: Json, **filters: str) -> list[Json]:
        """The log of an endpoint, oldest first."""
        path = f"/v1/webhook-endpoints/{endpoint['id']}/deliveries"
        answer = await self.http.get(path, params={"limit": 1000, **filters})
        assert answer.status_code == 200, answer.text
        return list(reversed(answer.json()["items"]))

    async def read(self, endpoint: Json) -> Json:
        answer = await self.http.get(f"/v1/webhook-endpoints/{endpoint['id']}")
        found: Json = answer.json()
        return found

    async def execute(self, sql: str, *arguments: object) -> None:
        """As the owner of the tables: what only time would do otherwise."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(sql, *arguments)
        finally:
            await connection.close()

    async def make_due(self) -> None:
        """The time of every next attempt has come."""
        sql = "UPDATE pending_deliveries SET due_at = business_now() WHERE account_id = $1"
        await self.execute(sql, self.account_id)

    def hours_after(self, began: datetime, text: str) -> float:
        return (datetime.fromisoformat(text) - began).total_seconds() / 3600

    async def now(self) -> datetime:
        async with self.resources.unit_of_work() as session:
            return clock.business_now(session)


@asynccontextmanager
async def office_of(
    settings: Settings, database_url: str, tenant: Tenant, **webhooks: Any
) -> AsyncIterator[Office]:
    """An application and a worker that call private networks, and wait for them longer than any
    test takes on whatever machine; its endpoints go with it.
    """
    allowing = Webhooks(**{"allow_private": True, "timeout": "PT1M", **webhooks})
    app = create_app(settings.model_copy(update={"webhooks": allowing}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {tenant.key}"},
        ) as http,
    ):
        resources: Resources = app.state.resources
        office = Office(http, resources, tenant.account_id, Work(resources), database_url)
        yield office
        for table in ("webhook_endpoints", "pending_deliveries"):
            await office.execute(f"DELETE FROM {table} WHERE account_id = $1", tenant.account_id)


async def soon(holds: Any, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again until it holds; fail when that takes too long."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (a server has no event for it)
            await asyncio.sleep(0.005)


def ids_of(receiver: Receiver) -> list[str]:
    return [one.headers["webhook-id"] for one in receiver.got]
