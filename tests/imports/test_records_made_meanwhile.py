"""Somebody makes a record while a chunk compares its rows: a row comes before it, or after it.

Rows that are known again by their moment have all records of their people read; rows beyond
`scoring_batch_size` are compared by a statement of their own.
"""

from typing import Any

import pytest

from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.imports.interrupting import MET, Chunks, Json
from tests.people.making import an_email, upsert
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    a_campaign,
    configure,
    listed_responses,
    read,
)
from tests.responses.engine_making import post as respond
from tests.responses.intake_making import people

_FIRST, _SECOND = "2026-03-10T12:00:00Z", "2026-03-11T12:00:00Z"
_OPEN, _ENGAGED = ResponseStatus.OPEN, ResponseStatus.ALREADY_ENGAGED
_NO_ACTION = ResponseStatus.NO_ACTION_REQUIRED


def _rows(way: str, campaign: Json, email: str, first: Json, **fields: Any) -> list[Json]:
    """A row by its moment; or two by their ids, for two statements. `first` tells of the person."""
    row = {"campaign": campaign["code"], "person": {"email": email, **first}, **fields}
    if way == "moment":
        return [{**row, "responded_at": _SECOND}]
    another = {"campaign": campaign["code"], "person": {"email": email}, "external_id": "m-2"}
    return [{**row, "external_id": "m-1"}, another]


async def _begin(tenant: Tenant, way: str, threshold: int) -> None:
    size = 1 if way == "statements" else 200
    await configure(tenant.http, ASYNCHRONOUS, threshold=threshold, scoring_batch_size=size)


async def _statuses(tenant: Tenant, campaign: Json) -> list[str]:
    found = [await read(tenant.http, one) for one in await listed_responses(tenant.http, campaign)]
    return [one["status"] for one in sorted(found, key=lambda one: int(one["repeat_number"]))]


@pytest.mark.parametrize("way", ["moment", "statements"])
@pytest.mark.parametrize("limit", [1, 10])
async def test_a_row_behind_it_has_the_last_word_on_its_person(
    tenant: Tenant, chunks: Chunks, way: str, limit: int
) -> None:
    await _begin(tenant, way, 1000)
    campaign = await a_campaign(tenant.http, score=0, repeat_limit=limit)
    email = an_email()
    await upsert(tenant.http, email=email, title="Admiral")
    other = {"email": email, "title": "Captain"}
    chunks.after(MET, lambda: respond(tenant.http, campaign, person=other, responded_at=_FIRST))

    outcome, *_ = await chunks.take(_rows(way, campaign, email, {"title": "Admiral"}))

    (person,) = await people(tenant.http, email=email)
    behind = ("repeat" if limit > 1 else "skipped", "Admiral")
    assert (outcome.result.value, person["title"]) in {("created", "Captain"), behind}


@pytest.mark.parametrize("way", ["moment", "statements"])
async def test_whoever_comes_behind_one_that_qualified_is_engaged_already(
    tenant: Tenant, chunks: Chunks, way: str
) -> None:
    await _begin(tenant, way, 100)
    campaign = await a_campaign(tenant.http, score=0)
    email = an_email()
    await upsert(tenant.http, email=email)

    async def qualify() -> None:
        await configure(tenant.http, {"evaluate_score_immediately": True})
        await respond(
            tenant.http, campaign, person={"email": email}, score=100, responded_at=_FIRST
        )

    chunks.after(MET, qualify)

    await chunks.take(_rows(way, campaign, email, {}))

    statuses = await _statuses(tenant, campaign)
    at = statuses.index(_OPEN)
    assert set(statuses[:at]) <= {_NO_ACTION}
    assert set(statuses[at + 1 :]) <= {_ENGAGED}


@pytest.mark.parametrize("way", ["moment", "statements"])
async def test_an_opportunity_that_was_closed_before_it_keeps_no_row_behind_it_from_sales(
    tenant: Tenant, chunks: Chunks, way: str
) -> None:
    await _begin(tenant, way, 100)
    campaign = await a_campaign(tenant.http, score=0)
    email = an_email()
    known = await upsert(tenant.http, email=email)
    made = await tenant.http.post("/v1/opportunities", json={"external_id": "o-1", "name": "Ships"})
    where = f"/v1/opportunities/{made.json()['id']}"
    contacts = {"contacts": [{"person_id": known["id"]}]}
    assert (await tenant.http.put(f"{where}/contacts", json=contacts)).status_code == 200

    async def lose() -> None:
        assert (await tenant.http.patch(where, json={"state": "lost"})).status_code == 200
        await configure(tenant.http, {"evaluate_score_immediately": True})
        await respond(tenant.http, campaign, person={"email": email}, responded_at=_FIRST)

    chunks.after(MET, lose)

    await chunks.take(_rows(way, campaign, email, {}, score=100))

    # Over HTTP came one of no score, when the opportunity was closed.
    statuses = await _statuses(tenant, campaign)
    assert ResponseStatus.EXISTING_OPPORTUNITY not in statuses[statuses.index(_NO_ACTION) :]
