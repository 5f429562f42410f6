"""Rows that no chunk can take: set aside alone, with the reason, while the others go on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.people.making import an_email
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    as_owner,
    configure,
    count_statuses,
    events_of,
    get,
    listed_responses,
    post,
    post_all,
    read,
    rows,
    runs_of,
)

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN


@asynccontextmanager
async def poison(
    database_url: str, response: Json, *, status: ResponseStatus
) -> AsyncIterator[None]:
    """Makes every write of this status to one response fail on its data."""
    name = f"poison_{UUID(response['id']).hex}"
    await as_owner(
        database_url,
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'the secret of ada@example.com'; END $$",
        f"CREATE TRIGGER {name} BEFORE UPDATE ON responses FOR EACH ROW "
        f"WHEN (NEW.id = '{response['id']}' AND NEW.status = '{status}') "
        f"EXECUTE FUNCTION {name}()",
    )
    try:
        yield
    finally:
        await as_owner(database_url, f"DROP TRIGGER {name} ON responses", f"DROP FUNCTION {name}()")


@pytest.mark.parametrize(
    ("stage", "at", "left"),
    [("scoring", ResponseStatus.PENDING_TQR, PENDING), ("resolution", OPEN, "Pending - TQR")],
)
async def test_one_poison_row_of_200_is_set_aside_alone_and_the_others_are_resolved(
    tenant: Tenant,
    resources: Resources,
    settle: Settle,
    database_url: str,
    stage: str,
    at: ResponseStatus,
    left: str,
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS)
    taken = await post_all(tenant.http, [an_item(campaign) for _ in range(200)])

    async with poison(database_url, taken[77], status=at):
        await settle()

    assert await count_statuses(tenant.http, campaign) == {OPEN: 199, left: 1}
    (run,) = await runs_of(tenant.http, campaign)
    assert run["state"] == "succeeded_with_warnings"
    assert (run["total"], run["succeeded"], run["failed"]) == (200, 199, 1)
    bad = await read(tenant.http, taken[77])
    assert bad["status"] == left
    assert {key: bad["failure"][key] for key in ("stage", "code", "run_id")} == {
        "stage": stage,
        "code": "P0001",
        "run_id": run["id"],
    }
    assert "ada@example.com" not in str(bad["failure"])
    others = [each for each in await listed_responses(tenant.http, campaign) if each["failure"]]
    assert [each["id"] for each in others] == [bad["id"]]
    stats = await get(tenant.http, f"campaigns/{campaign['id']}/stats")
    assert (stats["failed"], stats["statuses"][left]) == (1, 1)
    assert len(await events_of(resources, tenant)) == 199
    for table in ("pending_scoring", "pending_resolution"):
        assert await rows(resources, tenant, f"SELECT response_id FROM {table}") == []


async def test_a_row_set_aside_is_not_tried_again_and_stops_nobody(
    tenant: Tenant, settle: Settle, database_url: str
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS)
    ada = {"email": an_email()}
    bad = await post(tenant.http, campaign, person=ada)
    async with poison(database_url, bad, status=ResponseStatus.PENDING_TQR):
        await settle()

    later = await post(tenant.http, campaign, person=ada)
    await settle()

    assert (await read(tenant.http, later))["status"] == OPEN
    assert (await read(tenant.http, bad))["status"] == PENDING
    assert [run["failed"] for run in await runs_of(tenant.http, campaign)] == [1, 0]


async def test_several_poison_rows_are_all_found(
    tenant: Tenant, settle: Settle, database_url: str
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS)
    taken = await post_all(tenant.http, [an_item(campaign) for _ in range(20)])

    async with (
        poison(database_url, taken[0], status=ResponseStatus.PENDING_TQR),
        poison(database_url, taken[1], status=ResponseStatus.PENDING_TQR),
        poison(database_url, taken[19], status=OPEN),
    ):
        await settle()

    (run,) = await runs_of(tenant.http, campaign)
    assert (run["total"], run["succeeded"], run["failed"]) == (20, 17, 3)
