"""The grace: a score below the threshold may still rise, and what rises is scored again."""

from datetime import timedelta

import httpx
import pytest

from app.core.driver import driver_of
from app.models.states import ResponseStatus
from app.responses.lanes import lease as leases
from app.responses.lanes.due import due_for_scoring
from app.responses.lanes.scoring import score_chunk
from tests.conftest import Tenant
from tests.people.making import an_email
from tests.people.making import upsert as upsert_person
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    SYNCHRONOUS,
    Json,
    a_campaign,
    claim,
    configure,
    get,
    post,
    status_of,
)
from workers.work import Work

OPEN = ResponseStatus.OPEN
NO_ACTION, WAITING = ResponseStatus.NO_ACTION_REQUIRED, ResponseStatus.PENDING_TQR
HOUR, A_LITTLE = timedelta(hours=1), timedelta(minutes=5)


async def a_person(http: httpx.AsyncClient) -> Json:
    return await upsert_person(http, email=an_email())


def by_id(person: Json) -> Json:
    return {"id": person["id"]}


async def test_a_score_below_stays_pending_until_received_plus_grace(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_campaign(http, score=99)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")

    taken = await post(http, campaign)
    await settle()
    assert await status_of(http, taken) == WAITING

    await advance(HOUR - A_LITTLE)
    await settle()
    assert await status_of(http, taken) == WAITING

    await advance(A_LITTLE)
    await settle()
    assert await status_of(http, taken) == NO_ACTION


@pytest.mark.parametrize("way", ["patch", "upsert", "item"])
async def test_a_change_of_the_persons_score_makes_a_waiting_response_due_and_it_is_scored_again(
    http: httpx.AsyncClient, settle: Settle, way: str
) -> None:
    campaign = await a_campaign(http, score=60)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")
    ada = await a_person(http)
    taken = await post(http, campaign, person=by_id(ada))
    await settle()

    for score, status in ((39, WAITING), (40, OPEN)):
        if way == "patch":
            await http.patch(f"/v1/people/{ada['id']}", json={"score": score})
        elif way == "upsert":
            await upsert_person(http, id=ada["id"], score=score)
        else:
            other = await a_campaign(http, threshold=10_000)
            await post(http, other, person=by_id(ada) | {"score": score})
        await settle()
        assert await status_of(http, taken) == status

    parts = await get(http, f"responses/{taken['id']}/score")
    assert (parts["total"], parts["person"]) == (100, 40)


async def test_the_end_of_the_grace_does_not_move_when_the_score_rises_too_little(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_campaign(http, score=0)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")
    ada = await a_person(http)
    taken = await post(http, campaign, person=by_id(ada))
    await settle()

    await advance(HOUR / 2)
    await http.patch(f"/v1/people/{ada['id']}", json={"score": 5})
    await settle()
    assert await status_of(http, taken) == WAITING

    await advance(HOUR / 2)
    await settle()
    assert await status_of(http, taken) == NO_ACTION


async def test_a_score_that_changes_between_scoring_and_resolution_is_not_missed(
    tenant: Tenant, work: Work, settle: Settle
) -> None:
    campaign = await a_campaign(tenant.http, score=0)
    await configure(tenant.http, ASYNCHRONOUS, score_grace="PT1H")
    ada = await a_person(tenant.http)
    taken = await post(tenant.http, campaign, person=by_id(ada))
    lease = await claim(work, tenant, campaign)
    async with work.resources.unit_of_work(tenant.account_id) as session:
        terms = await leases.renew(session, lease, by=work.settings.scoring.lease)
        chunk = await score_chunk(
            session, lease, terms, await due_for_scoring(session, lease, terms)
        )
        await chunk.writes.write(await driver_of(session))

    await tenant.http.patch(f"/v1/people/{ada['id']}", json={"score": 100})
    async with work.resources.unit_of_work(tenant.account_id) as session:
        await leases.release(session, lease, is_drained=False)
    await settle()

    assert await status_of(tenant.http, taken) == OPEN


async def test_the_synchronous_mode_has_no_grace(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, score=99)
    await configure(http, SYNCHRONOUS, score_grace="PT1H")

    assert (await post(http, campaign))["status"] == NO_ACTION
