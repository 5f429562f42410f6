"""Somebody writes while a chunk of a file is at work: every end has an order that explains it."""

from typing import Any

import pytest

from app.core.resources import Resources
from app.models.states import IntakeResult, ResponseStatus, UploadOperation
from tests.conftest import Tenant
from tests.imports.interrupting import MET, WORLD, Chunks, Json
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


def row(campaign: Json, person: Json, **fields: Any) -> Json:
    return {"campaign": campaign["code"], "person": person, **fields}


async def made_worse(tenant: Tenant, person: Json) -> None:
    answer = await tenant.http.patch(f"/v1/people/{person['id']}", json={"score": 50})
    assert answer.status_code == 200


async def test_a_row_by_an_address_that_a_later_row_replaces_stays_with_its_person(
    tenant: Tenant, resources: Resources, chunks: Chunks
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    neighbour = {"email": an_email()}
    chunks.after(WORLD, lambda: respond(tenant.http, other, person=neighbour))

    outcomes = await chunks.take(
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
    tenant: Tenant, resources: Resources, chunks: Chunks
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    neighbour = {"email": an_email()}
    chunks.after(WORLD, lambda: respond(tenant.http, other, person=neighbour))

    outcomes = await chunks.take(
        [
            row(campaign, {"email": "a@example.com", "external_id": "crm-1"}),
            row(campaign, {"email": "a@example.com", "external_id": "crm-2"}),
            row(campaign, {"email": "b@example.com", "external_id": "crm-2"}),
            row(campaign, neighbour),
        ],
    )

    assert [one.result.value for one in outcomes] == ["created", "repeat", "created", "created"]


async def test_a_row_that_is_a_duplicate_by_now_has_made_nobody(
    tenant: Tenant, resources: Resources, chunks: Chunks
) -> None:
    campaign, other = await a_campaign(tenant.http), await a_campaign(tenant.http)
    known = await upsert(tenant.http, email=an_email(), title="Admiral")
    neighbour = {"email": an_email()}

    async def first() -> None:
        await respond(tenant.http, other, person={"email": an_email()}, external_id="m-1")
        await respond(tenant.http, other, person={"email": an_email()}, external_id="m-2")
        await respond(tenant.http, other, person=neighbour)

    chunks.after(WORLD, first)

    outcomes = await chunks.take(
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
    tenant: Tenant, resources: Resources, chunks: Chunks, is_later_without_grace: bool
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, score_grace="PT10M", threshold=100)
    patient, campaign = await a_campaign(tenant.http, score=0), await a_campaign(tenant.http)
    known, neighbour = {"email": an_email()}, {"email": an_email()}
    await chunks.take([row(patient, known)])
    assert [one.is_due for one in await rows(resources, tenant, _GRACE)] == [False]
    if is_later_without_grace:
        await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    chunks.after(
        WORLD,
        lambda: respond(tenant.http, campaign, person=neighbour),
        call=1 if is_later_without_grace else 2,
    )

    await chunks.take([row(campaign, known | {"score": 200}), row(campaign, neighbour)])

    assert [one.is_due for one in await rows(resources, tenant, _GRACE)] == [True]


_GRACE = "SELECT due_at <= business_now() AS is_due FROM pending_resolution WHERE has_grace"


async def test_what_a_row_says_of_its_person_is_what_it_is_scored_by(
    tenant: Tenant, resources: Resources, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), score=100)

    chunks.after(MET, lambda: made_worse(tenant, known))

    await chunks.take([row(campaign, {"email": known["email"], "score": 100})])

    (response,) = await listed_responses(tenant.http, campaign)
    # Whether the row went first or last, its person's score was 100 then.
    assert (await read(tenant.http, response))["status"] == ResponseStatus.OPEN


async def test_whoever_writes_about_a_person_of_whom_nobody_is_told_comes_after_the_row(
    tenant: Tenant, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=1000)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), score=100)

    chunks.after(MET, lambda: made_worse(tenant, known))

    await chunks.take([row(campaign, {"email": known["email"], "score": 100})])

    (response,) = await listed_responses(tenant.http, campaign)
    found = await read(tenant.http, response)
    assert (found["status"], found["score_total"]) == (ResponseStatus.NO_ACTION_REQUIRED, 100)
    # Taken once more, the row would have had its word on the score written.
    (person,) = await people(tenant.http, email=known["email"])
    assert person["score"] == 50


async def test_a_campaigns_score_is_held_against_the_threshold_that_it_has_with_it(
    tenant: Tenant, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=1000)
    campaign = await a_campaign(tenant.http, score=0, threshold=100)

    async def dearer() -> None:
        changed = {"score": 200, "threshold": 300}
        answer = await tenant.http.patch(f"/v1/campaigns/{campaign['id']}", json=changed)
        assert answer.status_code == 200

    chunks.after(WORLD, dearer)

    await chunks.take([row(campaign, {"email": an_email()})])

    (response,) = await listed_responses(tenant.http, campaign)
    assert (await read(tenant.http, response))["status"] == ResponseStatus.NO_ACTION_REQUIRED


async def test_a_row_that_comes_second_has_the_last_word_on_its_person(
    tenant: Tenant, resources: Resources, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0, repeat_limit=1)
    known = await upsert(tenant.http, email=an_email(), title="Admiral")
    other = {"email": known["email"], "title": "Captain"}
    chunks.after(MET, lambda: respond(tenant.http, campaign, person=other))

    (outcome,) = await chunks.take([row(campaign, {"email": known["email"], "title": "Admiral"})])

    (person,) = await people(tenant.http, email=known["email"])
    assert (outcome.result.value, person["title"]) in {
        ("created", "Captain"),
        ("skipped", "Admiral"),
    }


@pytest.mark.parametrize("is_sent_before", [False, True])
@pytest.mark.parametrize(
    ("operation", "before", "sent", "taken"),
    [
        (UploadOperation.INSERT, None, "Sent", "created"),
        (UploadOperation.UPDATE, "Sent", "Responded", "updated"),
    ],
)
async def test_a_row_whose_id_arrives_over_http_meanwhile_is_a_duplicate_not_refused(
    tenant: Tenant,
    chunks: Chunks,
    operation: UploadOperation,
    before: str | None,
    sent: str,
    taken: str,
    is_sent_before: bool,
) -> None:
    campaign = await a_campaign(tenant.http)
    person, neighbour = {"email": an_email()}, {"email": an_email()}
    await respond(tenant.http, campaign, person=neighbour, member_status=sent)
    if before is not None:
        await respond(tenant.http, campaign, person=person, member_status=before)

    async def twin() -> None:
        answer = await respond(
            tenant.http, campaign, person=person, external_id="m-1", member_status=sent
        )
        assert answer["result"] == taken

    if is_sent_before:
        await twin()
    else:
        chunks.after(WORLD, twin)

    one, other = await chunks.take(
        [
            row(campaign, person, external_id="m-1", member_status=sent),
            row(campaign, neighbour, external_id="m-2", member_status=sent),
        ],
        operation=operation,
    )

    assert (one.result, one.reason) == (IntakeResult.DUPLICATE, None)
    assert one.seen is not None
    responses = {response["id"] for response in await listed_responses(tenant.http, campaign)}
    assert str(one.seen.response_id) in responses
    # Another id is no excuse.
    assert other.result is IntakeResult.REJECTED


async def test_rows_of_one_person_are_held_against_the_version_that_the_first_of_them_met(
    tenant: Tenant, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100, scoring_batch_size=1)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), score=100)

    chunks.after(MET, lambda: made_worse(tenant, known))

    await chunks.take(
        [
            row(campaign, {"email": known["email"], "score": 100}, external_id="m-1"),
            row(campaign, {"email": known["email"]}, external_id="m-2"),
        ],
    )

    # The rows came last, so their word on the score does too.
    (person,) = await people(tenant.http, email=known["email"])
    assert person["score"] == 100


async def test_a_row_with_news_of_its_person_is_seen_by_the_rows_around_it(
    tenant: Tenant, chunks: Chunks
) -> None:
    await configure(tenant.http, ASYNCHRONOUS, threshold=100)
    campaign = await a_campaign(tenant.http, score=0)
    known = await upsert(tenant.http, email=an_email(), external_id="crm-1", title="Admiral")
    other = await upsert(tenant.http, email=an_email(), title="Captain")

    outcomes = await chunks.take(
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
