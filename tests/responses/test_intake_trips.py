"""How often a request goes to the database: what waits for a core waits once a trip."""

from typing import Any, cast

import pytest

from app.core.admission import Admission
from app.core.driver import Direct, Driver
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.responses.intake.desk import tried
from app.responses.intake.fold import Outcome
from app.responses.intake.transaction import take_in
from tests.conftest import Tenant
from tests.imports.interrupting import Pause, Said, Watched, sent_by
from tests.people.making import an_email, upsert
from tests.responses.engine_making import Json, a_campaign, an_item, configure, listed_responses
from tests.responses.intake_making import people

# Words of the statements: what the items meet, new people, the records as they end.
WORLD, BORN, SETTLED = "business_now() AS now", "INSERT INTO people", "INSERT INTO responses"


async def _take(
    resources: Resources, tenant: Tenant, items: list[Json], *pauses: Pause
) -> tuple[list[Outcome], list[Said]]:
    """What becomes of the items, and the statements of the last try."""
    submission = sent_by(tenant, items)
    said: list[Said] = []
    async with resources.line() as line:

        async def attempt(admission: Admission) -> list[Outcome]:
            said.clear()
            async with line.unit_of_work(
                tenant.account_id, purpose=Purpose.INTAKE, admission=admission
            ) as tx:
                watched = Watched(tx.driver, list(pauses), said)
                (outcomes,) = await take_in(Direct(cast("Driver", watched), tx.info), [submission])
                return outcomes

        return await tried(attempt, most=5), said


@pytest.mark.parametrize("number", [1, 20])
async def test_new_people_are_made_scored_and_answered_in_three_trips(
    tenant: Tenant, resources: Resources, number: int
) -> None:
    campaign = await a_campaign(tenant.http, score=0)
    await configure(tenant.http, threshold=10)
    items = [an_item(campaign, person={"email": an_email(), "score": n}) for n in range(number)]

    outcomes, said = await _take(resources, tenant, items)

    assert [one.result.value for one in outcomes] == ["created"] * number
    assert _kinds(said[:3]) == [{WORLD}, {BORN}, {SETTLED}]
    # Of those who qualify the people are told.
    assert len(said) == (3 if number == 1 else 4)
    scored = await listed_responses(tenant.http, campaign)
    assert sorted(one["score_total"] for one in scored) == list(range(number))


async def test_many_are_made_first(tenant: Tenant, resources: Resources) -> None:
    campaign = await a_campaign(tenant.http, score=0)

    _, said = await _take(resources, tenant, [an_item(campaign) for _ in range(21)])

    assert _kinds(said[:4]) == [{WORLD}, {BORN}, set(), {SETTLED}]


async def test_whoever_is_made_by_another_meanwhile_is_found(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http, score=0)
    email, other = an_email(), an_email()

    async def make() -> Any:
        await upsert(tenant.http, email=email, score=7)

    items = [an_item(campaign, person={"email": one}) for one in (email, other)]
    outcomes, _ = await _take(resources, tenant, items, Pause(WORLD, make, 1))

    assert [one.result.value for one in outcomes] == ["created", "created"]
    assert len(await people(tenant.http)) == 2
    scored = await listed_responses(tenant.http, campaign)
    assert sorted(one["score_total"] for one in scored) == [0, 7]


def _kinds(said: list[Said]) -> list[set[str]]:
    return [{words for words in (WORLD, BORN, SETTLED) if words in sql} for sql, _ in said]
