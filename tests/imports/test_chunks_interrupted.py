"""Somebody writes while a chunk of a file is at work: every end has an order that explains it."""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

from app.core.admission import Admission
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.statements import Parts
from app.models.states import ResponseStatus
from app.responses.intake import chunk_meeting, files
from app.responses.intake.desk import tried
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Submission, parse_items
from app.responses.intake.records import UPLOADED
from tests.conftest import Tenant
from tests.people.making import an_email, upsert
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    a_campaign,
    configure,
    listed_responses,
    read,
    rows,
)
from tests.responses.engine_making import post as respond
from tests.responses.intake_making import people

Json = dict[str, Any]
Deed = Callable[[], Awaitable[Any]]


async def take(resources: Resources, tenant: Tenant, items: list[Json]) -> list[Outcome]:
    """Take rows of a file in as a worker does."""
    submission = Submission(
        account_id=tenant.account_id,
        user_id=tenant.caller.user_id,
        user="marketo",
        key_id=None,
        items=parse_items(items),
        size=len(items),
        priority=UPLOADED,
    )

    async with resources.line() as line:

        async def attempt(admission: Admission) -> list[Outcome]:
            async with line.unit_of_work(
                tenant.account_id, purpose=Purpose.IMPORTING, admission=admission
            ) as tx:
                last = Parts()
                outcomes = await files.take_chunk(tx, submission, run_id=uuid7(), last=last)
                await last.write(await driver_of(tx))
                return outcomes

        return await tried(attempt, most=5)


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has something done after a step of a chunk, by the name of the step; once."""

    def arrange(step: str, deed: Deed, *, call: int = 1, of: ModuleType = files) -> None:
        real, calls = getattr(of, step), 0

        async def interrupted(*args: Any, **named: Any) -> Any:
            nonlocal calls
            found = await real(*args, **named)
            calls += 1
            if calls == call:
                await deed()
            return found

        monkeypatch.setattr(of, step, interrupted)

    return arrange


def row(campaign: Json, person: Json, **fields: Any) -> Json:
    return {"campaign": campaign["code"], "person": person, **fields}


async def test_a_row_by_an_address_that_a_later_row_replaces_stays_with_its_person(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    neighbour = {"email": an_email()}
    after("read_chunk_world", lambda: respond(tenant.http, other, person=neighbour))

    outcomes = await take(
        resources,
        tenant,
        [
            row(campaign, {"email": "old@example.com"}),
            row(campaign, {"email": "old@example.com", "external_id": "crm-1"}),
            row(campaign, {"email": "new@example.com", "external_id": "crm-1"}),
            row(campaign, neighbour),
        ],
    )

    assert [one.result.value for one in outcomes] == ["created", "repeat", "repeat", "created"]
    assert len(await people(tenant.http)) == 2


async def test_a_row_that_conflicts_is_not_given_to_whom_a_later_row_made(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    neighbour = {"email": an_email()}
    after("read_chunk_world", lambda: respond(tenant.http, other, person=neighbour))

    outcomes = await take(
        resources,
        tenant,
        [
            row(campaign, {"email": "a@example.com", "external_id": "crm-1"}),
            row(campaign, {"email": "a@example.com", "external_id": "crm-2"}),
            row(campaign, {"email": "b@example.com", "external_id": "crm-2"}),
            row(campaign, neighbour),
        ],
    )

    assert [one.result.value for one in outcomes] == ["created", "repeat", "created", "created"]


async def test_a_row_that_is_a_duplicate_by_now_has_made_nobody(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    known = await upsert(tenant.http, email=an_email(), title="Admiral")
    neighbour = {"email": an_email()}

    async def first() -> None:
        await respond(tenant.http, other, person={"email": an_email()}, external_id="m-1")
        await respond(tenant.http, other, person={"email": an_email()}, external_id="m-2")
        await respond(tenant.http, other, person=neighbour)

    after("read_chunk_world", first)

    outcomes = await take(
        resources,
        tenant,
        [
            row(campaign, {"email": "nobody@example.com"}, external_id="m-1"),
            row(campaign, {"email": known["email"], "title": "Captain"}, external_id="m-2"),
            row(campaign, neighbour, external_id="m-3"),
        ],
    )

    assert [one.result.value for one in outcomes] == ["duplicate", "duplicate", "created"]
    assert await people(tenant.http, email="nobody@example.com") == []
    assert [one["title"] for one in await people(tenant.http, email=known["email"])] == ["Admiral"]


@pytest.mark.parametrize("is_later_without_grace", [False, True])
async def test_a_better_score_wakes_though_the_chunk_had_to_look_twice(
    tenant: Tenant, resources: Resources, after: Callable[..., None], is_later_without_grace: bool
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, score_grace="PT10M", threshold=100)
    patient, campaign = await a_campaign(tenant.http, score=0), await a_campaign(tenant.http)
    known, neighbour = {"email": an_email()}, {"email": an_email()}
    await take(resources, tenant, [row(patient, known)])
    assert [one.is_due for one in await rows(resources, tenant, _GRACE)] == [False]
    if is_later_without_grace:
        await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    after(
        "read_chunk_world",
        lambda: respond(tenant.http, campaign, person=neighbour),
        call=1 if is_later_without_grace else 2,
    )

    await take(resources, tenant, [row(campaign, known | {"score": 200}), row(campaign, neighbour)])

    assert [one.is_due for one in await rows(resources, tenant, _GRACE)] == [True]


_GRACE = "SELECT due_at <= business_now() AS is_due FROM pending_resolution WHERE has_grace"


async def test_what_a_row_says_of_its_person_is_what_it_is_scored_by(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), score=100)

    async def worse() -> None:
        answer = await tenant.http.patch(f"/v1/people/{known['id']}", json={"score": 50})
        assert answer.status_code == 200

    after("read_people_of", worse)

    await take(resources, tenant, [row(campaign, {"email": known["email"], "score": 100})])

    (response,) = await listed_responses(tenant.http, campaign)
    # Whether the row went first or last, its person's score was 100 then.
    assert (await read(tenant.http, response))["status"] == ResponseStatus.OPEN


async def test_a_row_that_comes_second_has_the_last_word_on_its_person(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0, repeat_limit=1)
    known = await upsert(tenant.http, email=an_email(), title="Admiral")
    other = {"email": known["email"], "title": "Captain"}
    after("read_people_of", lambda: respond(tenant.http, campaign, person=other))

    (outcome,) = await take(
        resources, tenant, [row(campaign, {"email": known["email"], "title": "Admiral"})]
    )

    (person,) = await people(tenant.http, email=known["email"])
    assert (outcome.result.value, person["title"]) in {
        ("created", "Captain"),
        ("skipped", "Admiral"),
    }


async def test_rows_of_one_person_are_held_against_the_version_that_the_first_of_them_met(
    tenant: Tenant, resources: Resources, after: Callable[..., None]
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100, scoring_batch_size=1)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), score=100)

    async def worse() -> None:
        answer = await tenant.http.patch(f"/v1/people/{known['id']}", json={"score": 50})
        assert answer.status_code == 200

    after("meet_some", worse, of=chunk_meeting)

    await take(
        resources,
        tenant,
        [
            row(campaign, {"email": known["email"], "score": 100}, external_id="m-1"),
            row(campaign, {"email": known["email"]}, external_id="m-2"),
        ],
    )

    # The rows came last, so their word on the score does too.
    (person,) = await people(tenant.http, email=known["email"])
    assert person["score"] == 100


async def test_a_row_with_news_of_its_person_is_seen_by_the_rows_around_it(
    tenant: Tenant, resources: Resources
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), external_id="crm-1", title="Admiral")
    other = await upsert(tenant.http, email=an_email(), title="Captain")

    outcomes = await take(
        resources,
        tenant,
        [
            row(campaign, {"email": known["email"], "title": "Admiral"}, external_id="m-1"),
            row(campaign, {"external_id": "crm-1", "score": 100}, external_id="m-2"),
            row(campaign, {"email": other["email"], "title": "Captain"}, external_id="m-3"),
            row(campaign, {"external_id": "crm-1", "email": other["email"]}, external_id="m-4"),
            row(campaign, {"email": other["email"], "title": "Captain"}, external_id="m-5"),
        ],
    )

    said = [(one.result.value, [warning.value for warning in one.warnings]) for one in outcomes]
    conflict = ["identity_conflict"]
    assert said == [
        ("created", []), ("repeat", []), ("created", []), ("repeat", conflict), ("repeat", []),
    ]  # fmt: skip
    (person,) = await people(tenant.http, email=known["email"])
    assert (person["score"], person["title"]) == (100, "Admiral")
