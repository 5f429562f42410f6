"""What the tests of intake send and read."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import text

from app.core.resources import Resources
from app.core.settings import Settings
from app.main import create_app
from tests.campaigns.making import make_campaign
from tests.conftest import Tenant

ONE, MANY = "/v1/responses", "/v1/responses/batch"
ADA = "ada@example.com"
NINE, TEN = "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"
ASYNCHRONOUS = {"evaluate_score_immediately": False, "evaluate_score_asynchronously": True}
JSON = {"Content-Type": "application/json"}
MANUAL = {"evaluate_score_immediately": False, "evaluate_score_asynchronously": False}

Item = dict[str, Any]


async def a_campaign(http: httpx.AsyncClient, **fields: Any) -> str:
    code: str = (await make_campaign(http, **fields))["code"]
    return code


def item(campaign: str, person: Mapping[str, Any] | str = ADA, **fields: Any) -> Item:
    """An item of a person, or of whoever has an e-mail address."""
    whom = {"email": person} if isinstance(person, str) else dict(person)
    return {"campaign": campaign, "person": whom} | fields


async def post(http: httpx.AsyncClient, sent: Item, **headers: str) -> httpx.Response:
    return await http.post(ONE, json=sent, headers=headers)


async def post_all(http: httpx.AsyncClient, items: Sequence[Any], **headers: str) -> httpx.Response:
    return await http.post(MANY, json={"responses": list(items)}, headers=headers)


async def take(http: httpx.AsyncClient, sent: Item) -> Item:
    """The result of one item that is not rejected."""
    answer = await post(http, sent)
    assert answer.status_code in (200, 201, 202), answer.text
    found: Item = answer.json()
    return found


async def take_all(http: httpx.AsyncClient, items: Sequence[Any]) -> list[Item]:
    """The results of a batch."""
    answer = await post_all(http, items)
    assert answer.status_code in (200, 202), answer.text
    found: list[Item] = answer.json()["results"]
    return found


def results_of(found: Sequence[Item]) -> list[str]:
    """`created`, or with a reason `rejected: invalid`."""
    return [
        f"{one['result']}: {one['reason']}" if one["reason"] else one["result"] for one in found
    ]


async def refusal(http: httpx.AsyncClient, sent: Item) -> tuple[str, list[tuple[str, str]]]:
    """The code of a rejected item, and where it is wrong."""
    answer = await post(http, sent)
    assert answer.status_code == 422, answer.text
    body = answer.json()
    return body["code"], [(error["pointer"], error["code"]) for error in body["errors"]]


async def read(http: httpx.AsyncClient, result: Item) -> Item:
    answer = await http.get(f"{ONE}/{result['id']}")
    assert answer.status_code == 200, answer.text
    found: Item = answer.json()
    return found


async def listed(http: httpx.AsyncClient, **params: Any) -> list[Item]:
    """Every response that the filters leave, page by page."""
    found: list[Item] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await http.get(ONE, params={"limit": 1000} | params | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def people(http: httpx.AsyncClient, **params: Any) -> list[Item]:
    answer = await http.get("/v1/people", params={"limit": 1000} | params)
    assert answer.status_code == 200, answer.text
    found: list[Item] = answer.json()["items"]
    return found


async def person_of(http: httpx.AsyncClient, result: Item) -> Item:
    record = await read(http, result)
    answer = await http.get(f"/v1/people/{record['person_id']}")
    assert answer.status_code == 200, answer.text
    found: Item = answer.json()
    return found


async def score_later(http: httpx.AsyncClient, **settings: Any) -> None:
    """Responses of this account wait: nothing but intake touches them."""
    answer = await http.put("/v1/scoring/settings", json=ASYNCHRONOUS | settings)
    assert answer.status_code == 200, answer.text


async def transactions_of(resources: Resources, tenant: Tenant) -> Counter[str]:
    """How many of the account's responses each transaction wrote last."""
    async with resources.unit_of_work(tenant.account_id) as session:
        rows = await (await session.connection()).execute(
            text("SELECT xmin::text, count(*) FROM responses WHERE account_id = :id GROUP BY 1"),
            {"id": tenant.account_id},
        )
        return Counter({row[0]: row[1] for row in rows})


@asynccontextmanager
async def another_process(
    settings: Settings, tenant: Tenant, **groups: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant's client of an application of its own, with these settings."""
    app = create_app(settings.model_copy(update=groups))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {tenant.key}"},
        ) as client,
    ):
        yield client
