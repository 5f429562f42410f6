"""What the tests of the engine send, and how they look behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import Row, text

from app.core import clock
from app.core.resources import Resources
from app.models.states import RunKind, RunTrigger
from app.responses.intake.items import Submission, parse_item
from app.responses.lanes import lease as leases
from app.responses.lanes.lease import Lease
from app.runs import ledger
from tests.campaigns.making import make_campaign
from tests.conftest import Tenant
from tests.people.making import an_email
from workers.work import Work

Json = dict[str, Any]

SYNCHRONOUS: Json = {"evaluate_score_immediately": True}
ASYNCHRONOUS: Json = {"evaluate_score_immediately": False, "evaluate_score_asynchronously": True}
MANUAL: Json = {"evaluate_score_immediately": False, "evaluate_score_asynchronously": False}
QUALIFYING = 100


def listed(user: str = "marketo", **fields: Any) -> Json:
    """Settings under which this user's small requests are held in windows."""
    return {"async_users": [{"user": user, **fields}]}


async def configure(http: httpx.AsyncClient, *parts: Json, **fields: Any) -> None:
    document: Json = {}
    for part in (*parts, fields):
        document |= part
    answer = await http.put("/v1/scoring/settings", json=document)
    assert answer.status_code == 200, answer.text


async def a_campaign(http: httpx.AsyncClient, **fields: Any) -> Json:
    """A campaign whose own score is enough to qualify, unless told."""
    return await make_campaign(http, **({"score": QUALIFYING} | fields))


def an_item(campaign: Json, *, person: Json | None = None, **fields: Any) -> Json:
    """A response of somebody new, unless told of whom."""
    return {"campaign": campaign["code"], "person": person or {"email": an_email()}, **fields}


async def post(
    http: httpx.AsyncClient, campaign: Json, *, person: Json | None = None, **fields: Any
) -> Json:
    answer = await http.post("/v1/responses", json=an_item(campaign, person=person, **fields))
    assert answer.status_code in (200, 201, 202), answer.text
    taken: Json = answer.json()
    return taken


async def post_all(http: httpx.AsyncClient, items: Sequence[Json]) -> list[Json]:
    """The results of one batch."""
    answer = await http.post("/v1/responses/batch", json={"responses": list(items)})
    assert answer.status_code in (200, 202), answer.text
    results: list[Json] = answer.json()["results"]
    return results


async def get(http: httpx.AsyncClient, path: str, **params: Any) -> Json:
    answer = await http.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def read(http: httpx.AsyncClient, response: Json) -> Json:
    return await get(http, f"responses/{response['id']}")


async def status_of(http: httpx.AsyncClient, response: Json) -> str:
    return str((await read(http, response))["status"])


async def statuses_of(http: httpx.AsyncClient, responses: Sequence[Json]) -> list[str]:
    return [await status_of(http, response) for response in responses]


async def listed_responses(http: httpx.AsyncClient, campaign: Json) -> list[Json]:
    items: list[Json] = (await get(http, "responses", campaign=campaign["id"], limit=1000))["items"]
    return items


async def count_statuses(http: httpx.AsyncClient, campaign: Json) -> Mapping[str, int]:
    return Counter(item["status"] for item in await listed_responses(http, campaign))


async def runs_of(http: httpx.AsyncClient, campaign: Json) -> list[Json]:
    """The campaign's drains, oldest first."""
    found = await get(http, "runs", campaign=campaign["id"], limit=1000)
    return list(reversed(found["items"]))


async def windows_of(http: httpx.AsyncClient, **params: Any) -> list[Json]:
    items: list[Json] = (await get(http, "windows", limit=1000, **params))["items"]
    return items


async def move(http: httpx.AsyncClient, window: Json, deed: str, **body: Any) -> httpx.Response:
    """Flush, hold or release a window."""
    return await http.post(f"/v1/windows/{window['id']}/{deed}", json=body or None)


async def rows(resources: Resources, tenant: Tenant, sql: str, **values: Any) -> Sequence[Row[Any]]:
    """Rows that this tenant may see."""
    async with resources.unit_of_work(tenant.account_id) as session:
        found = await (await session.connection()).execute(text(sql), values)
        return found.all()


async def change(resources: Resources, tenant: Tenant, sql: str, **values: Any) -> None:
    """Change rows of this tenant in a way that no call offers."""
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await session.connection()).execute(text(sql), values)


async def somebody_waits(resources: Resources) -> bool:
    """Whether a transaction of this database waits for what another one has locked."""
    async with resources.look() as connection:
        waiting = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN ("
                " SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
            )
        )
    return bool(waiting)


async def as_owner(database_url: str, *statements: str) -> None:
    """Do to the database what only the owner of the tables may."""
    connection = await asyncpg.connect(database_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def events_of(
    resources: Resources, tenant: Tenant, kind: str = "response.qualified"
) -> list[Json]:
    """The data of the tenant's events of one type, in their order."""
    found = await rows(
        resources, tenant, "SELECT data FROM events WHERE type = :kind ORDER BY id", kind=kind
    )
    return [row.data for row in found]


async def claim(work: Work, tenant: Tenant, campaign: Json) -> Lease:
    """A free lane, claimed for a new run as a worker does."""
    account_id, campaign_id = tenant.account_id, UUID(campaign["id"])
    async with work.resources.unit_of_work(account_id) as session:
        claimed = await leases.claim(
            session,
            account_id,
            campaign_id,
            holder=work.holder,
            lease=work.settings.scoring.lease,
        )
        assert claimed is not None
        run_id = await ledger.open_run(
            session,
            account_id,
            RunKind.SCORING,
            trigger=RunTrigger.API,
            subject_id=campaign_id,
            requested_by=None,
            now=clock.business_now(session),
        )
        lease = Lease(account_id, campaign_id, claimed.token, run_id)
        await leases.set_run(session, lease)
    return lease


async def let_the_lease_pass(resources: Resources, lease: Lease) -> None:
    """As if its worker had been silent for fifteen seconds."""
    async with resources.unit_of_work(lease.account_id) as session:
        await (await session.connection()).execute(
            text("UPDATE lanes SET leased_until = '-infinity' WHERE campaign_id = :campaign_id"),
            {"campaign_id": lease.campaign_id},
        )


async def a_held_campaign(http: httpx.AsyncClient, **settings: int) -> Json:
    """A campaign to which the responses of `marketo` are held for five minutes."""
    await configure(http, listed(), **settings)
    return await a_campaign(http)


def a_submission(
    tenant: Tenant, campaign: Json, *, user: str = "marketo", user_id: UUID | None = None
) -> Submission:
    """One response as the desk takes it in."""
    return Submission(
        account_id=tenant.account_id,
        user_id=user_id or tenant.caller.user_id,
        user=user,
        key_id=None,
        items=(parse_item(an_item(campaign), 0),),
        size=1,
    )


async def the_window(http: httpx.AsyncClient, campaign: Json) -> Json:
    found = await windows_of(http, campaign=campaign["id"])
    assert len(found) == 1
    return found[0]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def ahead(http: httpx.AsyncClient, campaign: Json, step: timedelta) -> str:
    """Business time so far behind the opening of the campaign's window."""
    window = await the_window(http, campaign)
    return (moment(window["opened_at"]) + step).isoformat()
