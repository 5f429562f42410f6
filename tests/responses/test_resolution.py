"""From a score to an outcome, over HTTP: the lines of the decision, in both modes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.people.making import an_email
from tests.people.making import upsert as upsert_person
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    SYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    as_owner,
    change,
    configure,
    get,
    post,
    post_all,
    read,
    rows,
    status_of,
    statuses_of,
)
from workers.work import Work

OPEN, ENGAGED = ResponseStatus.OPEN, ResponseStatus.ALREADY_ENGAGED
NO_ACTION = ResponseStatus.NO_ACTION_REQUIRED
EXISTING = ResponseStatus.EXISTING_OPPORTUNITY

Becomes = Callable[..., Awaitable[str]]


@pytest.fixture(params=[SYNCHRONOUS, ASYNCHRONOUS], ids=["synchronous", "asynchronous"])
def mode(request: pytest.FixtureRequest) -> Json:
    chosen: Json = request.param
    return chosen


@pytest.fixture
async def becomes(http: httpx.AsyncClient, settle: Settle, mode: Json) -> Becomes:
    """Posts a response in the mode of the test and tells what became of it."""
    await configure(http, mode)

    async def post_and_settle(campaign: Json, **fields: Any) -> str:
        taken = await post(http, campaign, **fields)
        await settle()
        return await status_of(http, taken)

    return post_and_settle


async def a_person(http: httpx.AsyncClient, **fields: Any) -> Json:
    return await upsert_person(http, email=an_email(), **fields)


async def an_opportunity(http: httpx.AsyncClient, person: Json, state: str) -> None:
    answer = await http.post("/v1/opportunities", json={"name": "a deal", "state": state})
    assert answer.status_code == 201, answer.text
    contacts = {"contacts": [{"person_id": person["id"]}]}
    answer = await http.put(f"/v1/opportunities/{answer.json()['id']}/contacts", json=contacts)
    assert answer.status_code == 200, answer.text


def by_id(person: Json) -> Json:
    return {"id": person["id"]}


async def test_line_1_who_is_engaged_gets_no_second_response_prompts_included(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    campaigns = [await a_campaign(http) for _ in range(4)]
    ada = by_id(await a_person(http))

    assert await becomes(campaigns[0], person=ada) == OPEN
    assert await becomes(campaigns[0], person=ada) == ENGAGED
    assert await becomes(campaigns[1], person=ada, score=10_000) == ENGAGED
    assert await becomes(campaigns[2], person=ada, score=-10_000) == ENGAGED
    assert await becomes(campaigns[3], person=ada, response_prompt=True) == ENGAGED


async def test_line_2_a_prompt_qualifies_whatever_its_score(
    http: httpx.AsyncClient, becomes: Becomes, database_url: str
) -> None:
    campaign = await a_campaign(http, score=-1)
    ada = await a_person(http)
    await an_opportunity(http, ada, "open")
    await nurture(database_url, ada, "1 day")

    assert await becomes(campaign, person=by_id(ada), response_prompt=True) == OPEN


async def test_line_3_equal_to_the_threshold_qualifies_and_below_does_not(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    campaign = await a_campaign(http, score=0)

    assert await becomes(campaign, score=100) == OPEN
    assert await becomes(campaign, score=99) == NO_ACTION


async def test_line_3_the_campaigns_threshold_overrides_the_accounts(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    higher, lower, zero = [await a_campaign(http, score=0, threshold=n) for n in (200, 50, 0)]

    assert [await becomes(higher, score=n) for n in (199, 200)] == [NO_ACTION, OPEN]
    assert [await becomes(lower, score=n) for n in (49, 50)] == [NO_ACTION, OPEN]
    assert [await becomes(zero, score=n) for n in (-1, 0)] == [NO_ACTION, OPEN]


async def test_line_3_comes_before_an_open_opportunity(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    campaign = await a_campaign(http)
    ada = await a_person(http)
    await an_opportunity(http, ada, "open")

    assert await becomes(campaign, person=by_id(ada), score=-1) == NO_ACTION


async def test_line_4_an_open_opportunity_is_left_to_its_owner(
    http: httpx.AsyncClient, becomes: Becomes, database_url: str
) -> None:
    campaign = await a_campaign(http)
    people = {state: await a_person(http) for state in ("open", "won", "lost")}
    for state, person in people.items():
        await an_opportunity(http, person, state)
    await nurture(database_url, people["open"], "1 day")

    found = {state: await becomes(campaign, person=by_id(each)) for state, each in people.items()}

    assert found == {"open": EXISTING, "won": OPEN, "lost": OPEN}


async def test_line_5_who_is_nurtured_is_left_alone_until_then(
    http: httpx.AsyncClient, becomes: Becomes, database_url: str
) -> None:
    campaign = await a_campaign(http)
    nurtured, no_longer = [await a_person(http) for _ in range(2)]
    await nurture(database_url, nurtured, "1 minute")
    await nurture(database_url, no_longer, "-1 minute")

    assert await becomes(campaign, person=by_id(nurtured)) == NO_ACTION
    assert await becomes(campaign, person=by_id(no_longer)) == OPEN


async def test_line_6_the_person_is_told(
    http: httpx.AsyncClient, settle: Settle, mode: Json
) -> None:
    campaign = await a_campaign(http, owners=["grace"])
    await configure(http, mode)
    ada = await a_person(http, owner="somebody before")
    responded_at = "2026-03-10T12:00:00Z"

    taken = await post(http, campaign, person=by_id(ada), responded_at=responded_at)
    await settle()

    found = await get(http, f"people/{ada['id']}")
    assert (found["response_status"], found["active_response_id"]) == (OPEN, taken["id"])
    assert datetime.fromisoformat(found["last_response_at"]) == datetime.fromisoformat(responded_at)
    assert found["owner"] == "grace"
    response = await read(http, taken)
    assert response["resolved_at"] >= response["scored_at"] >= response["received_at"]


async def test_nobody_is_told_of_what_did_not_qualify(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    campaign = await a_campaign(http, score=0, owners=["grace"])
    ada = await a_person(http, owner="alan")

    assert await becomes(campaign, person=by_id(ada)) == NO_ACTION

    found = await get(http, f"people/{ada['id']}")
    told = ("response_status", "active_response_id", "last_response_at", "owner")
    assert [found[field] for field in told] == [None, None, None, "alan"]


async def test_without_any_owner_the_person_keeps_its_own(
    http: httpx.AsyncClient, becomes: Becomes
) -> None:
    campaign = await a_campaign(http)
    ada = await a_person(http, owner="alan")

    assert await becomes(campaign, person=by_id(ada)) == OPEN
    assert (await get(http, f"people/{ada['id']}"))["owner"] == "alan"


async def test_the_order_is_responded_at_then_id(
    http: httpx.AsyncClient, settle: Settle, mode: Json
) -> None:
    campaigns = [await a_campaign(http) for _ in range(3)]
    await configure(http, mode)
    ada, alan = {"email": an_email()}, {"email": an_email()}
    moments = ["2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]

    taken = await post_all(
        http,
        [an_item(campaigns[0], person=ada, responded_at=each, external_id=each) for each in moments]
        + [
            an_item(campaigns[0], person=alan, responded_at=moments[0], external_id=f"{n}")
            for n in range(3)
        ],
    )
    await settle()

    statuses = await statuses_of(http, taken)
    assert statuses[:3] == [ENGAGED, OPEN, ENGAGED]
    assert statuses[3:] == [OPEN, ENGAGED, ENGAGED]


async def test_chunks_are_of_at_most_the_evaluation_batch_size(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS, evaluation_batch_size=4)

    taken = await post_all(http, [an_item(campaign) for _ in range(10)])
    await settle()

    resolved = Counter([(await read(http, each))["resolved_at"] for each in taken])
    assert sorted(resolved.values()) == [2, 4, 4]


async def test_a_person_has_at_most_one_active_response_whoever_races(
    tenant: Tenant, resources: Resources, work: Work, settle: Settle
) -> None:
    lanes = [await a_campaign(tenant.http) for _ in range(2)]
    third = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS, scoring_batch_size=7, evaluation_batch_size=7)
    people = [by_id(await a_person(tenant.http)) for _ in range(20)]
    await asyncio.gather(
        *(post(tenant.http, campaign, person=person) for campaign in lanes for person in people)
    )

    await asyncio.gather(
        settle(),
        *(post(tenant.http, third, person=person, response_prompt=True) for person in people),
        *(post(tenant.http, third, person=person) for person in people),
    )
    await settle()

    active = await rows(
        resources, tenant, "SELECT person_id::text, id FROM responses WHERE status = :s", s=OPEN
    )
    assert sorted(row.person_id for row in active) == sorted(person["id"] for person in people)
    registered = await rows(resources, tenant, "SELECT response_id FROM active_responses")
    assert {row.response_id for row in registered} == {row.id for row in active}
    statuses = await rows(resources, tenant, "SELECT DISTINCT status FROM responses")
    assert {row.status for row in statuses} == {OPEN, ENGAGED}


async def test_who_is_free_again_can_be_handed_over_again(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_campaign(tenant.http)
    ada = by_id(await a_person(tenant.http))
    await post(tenant.http, campaign, person=ada)
    await change(resources, tenant, "DELETE FROM active_responses")
    await change(resources, tenant, "UPDATE people SET active_response_id = NULL")

    assert (await post(tenant.http, campaign, person=ada))["status"] == OPEN


async def nurture(database_url: str, person: Json, span: str) -> None:
    """Set `nurture_until`; no call does that yet."""
    await as_owner(
        database_url,
        f"UPDATE people SET nurture_until = business_now() + interval '{span}' "
        f"WHERE id = '{person['id']}'",
    )
