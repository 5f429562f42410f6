"""Who responded: found, made, merged."""

from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.people.making import upsert
from tests.responses.intake_making import (
    ADA,
    NINE,
    a_campaign,
    item,
    people,
    person_of,
    post,
    refusal,
    take,
    take_all,
)


@pytest.fixture
async def campaign(http: httpx.AsyncClient) -> str:
    return await a_campaign(http)


async def test_a_person_is_found_by_id_before_anything_else(
    http: httpx.AsyncClient, campaign: str
) -> None:
    ada = await upsert(http, email=ADA)
    await upsert(http, external_id="crm-1", email="bob@example.com")

    taken = await take(http, item(campaign, {"id": ada["id"], "title": "VP"}))

    assert (await person_of(http, taken))["id"] == ada["id"]


@pytest.mark.parametrize("more", [{}, {"email": ADA}, {"external_id": "crm-1"}])
async def test_an_unknown_id_is_rejected_whatever_else_is_given(
    http: httpx.AsyncClient, campaign: str, more: dict[str, str]
) -> None:
    await upsert(http, external_id="crm-1", email=ADA)

    assert await refusal(http, item(campaign, {"id": str(uuid7())} | more)) == (
        "person_not_found",
        [("/person/id", "person_not_found")],
    )


async def test_else_by_external_id_before_the_email(http: httpx.AsyncClient, campaign: str) -> None:
    ada = await upsert(http, external_id="crm-1")
    await upsert(http, email=ADA)

    taken = await take(http, item(campaign, {"external_id": "crm-1"}))

    assert (await person_of(http, taken))["id"] == ada["id"]


@pytest.mark.parametrize("written", [ADA, "  ADA@Example.COM ", "Ada@eXample.com"])
async def test_else_by_email_trimmed_and_case_folded(
    http: httpx.AsyncClient, campaign: str, written: str
) -> None:
    ada = await upsert(http, email="Ada@example.com")

    taken = await take(http, item(campaign, written))

    person = await person_of(http, taken)
    assert (person["id"], person["email"]) == (ada["id"], written.strip())


async def test_else_a_lead_is_made(http: httpx.AsyncClient, campaign: str) -> None:
    taken = await take(http, item(campaign, {"email": " Ada@Example.com", "external_id": "crm-1"}))

    person = await person_of(http, taken)
    assert (person["kind"], person["score"], person["opted_out"]) == ("lead", 0, False)
    assert (person["email"], person["external_id"]) == ("Ada@Example.com", "crm-1")


@pytest.mark.parametrize("whom", [{}, {"title": "VP"}, {"id": None, "email": None}])
async def test_without_any_identity_an_item_is_rejected(
    http: httpx.AsyncClient, campaign: str, whom: dict[str, Any]
) -> None:
    assert await refusal(http, item(campaign, whom)) == (
        "person_without_identity",
        [("/person", "person_without_identity")],
    )
    assert await people(http) == []


async def test_of_two_people_the_external_id_wins_and_the_email_is_not_written(
    http: httpx.AsyncClient, campaign: str
) -> None:
    ada = await upsert(http, external_id="crm-1", email=ADA)
    await upsert(http, external_id="crm-2", email="bob@example.com")

    whom = {"external_id": "crm-1", "email": "bob@example.com", "title": "VP"}
    taken = await take(http, item(campaign, whom))

    person = await person_of(http, taken)
    assert taken["warnings"] == ["identity_conflict"]
    assert (person["id"], person["email"], person["title"]) == (ada["id"], ADA, "VP")


async def test_a_taken_email_of_a_person_named_by_id_is_not_written(
    http: httpx.AsyncClient, campaign: str
) -> None:
    ada = await upsert(http, email=ADA)
    await upsert(http, external_id="crm-2", email="bob@example.com")

    whom = {"id": ada["id"], "email": "bob@example.com", "external_id": "crm-2"}
    taken = await take(http, item(campaign, whom))

    person = await person_of(http, taken)
    assert taken["warnings"] == ["identity_conflict"]
    assert (person["email"], person["external_id"]) == (ADA, None)


async def test_a_person_found_by_email_keeps_the_external_id_it_has(
    http: httpx.AsyncClient, campaign: str
) -> None:
    await upsert(http, external_id="crm-1", email=ADA)

    taken = await take(http, item(campaign, {"external_id": "crm-9", "email": ADA}))

    assert taken["warnings"] == ["identity_conflict"]
    assert (await person_of(http, taken))["external_id"] == "crm-1"


async def test_a_person_found_by_email_gets_the_external_id_it_lacks(
    http: httpx.AsyncClient, campaign: str
) -> None:
    ada = await upsert(http, email=ADA)

    taken = await take(http, item(campaign, {"external_id": "crm-1", "email": ADA}))

    person = await person_of(http, taken)
    assert (person["id"], person["external_id"]) == (ada["id"], "crm-1")


FIELDS: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "title": "VP",
    "company": "Analytical",
    "phone": "1",
    "country": "GB",
    "industry": "Engines",
    "lead_source": "Web",
    "score": 7,
    "owner": "rep",
    "kind": "contact",
    "opted_out": True,
    "email_opted_out": True,
    "sms_opted_out": True,
    "attributes": {"a": 1, "b": {"c": [1, "x", None, 1.5]}},
}


async def test_given_fields_are_merged(http: httpx.AsyncClient, campaign: str) -> None:
    await upsert(http, email=ADA, attributes={"a": 0, "z": 1})

    taken = await take(http, item(campaign, {"email": ADA} | FIELDS))

    person = await person_of(http, taken)
    wanted = FIELDS | {"attributes": FIELDS["attributes"] | {"z": 1}}
    assert {name: person[name] for name in FIELDS} == wanted


@pytest.mark.parametrize(
    "absent", [{}, dict.fromkeys(FIELDS), {"attributes": {"a": None}}, {"attributes": {}}]
)
async def test_an_absent_or_null_field_never_erases(
    http: httpx.AsyncClient, campaign: str, absent: dict[str, Any]
) -> None:
    await take(http, item(campaign, {"email": ADA, "external_id": "crm-1"} | FIELDS))

    taken = await take(http, item(campaign, {"external_id": "crm-1", "email": None} | absent))

    person = await person_of(http, taken)
    assert {name: person[name] for name in FIELDS} == FIELDS
    assert person["email"] == ADA


async def test_attributes_that_outgrow_a_record_are_left_with_a_warning(
    http: httpx.AsyncClient, campaign: str
) -> None:
    await take(http, item(campaign, {"email": ADA, "attributes": {"a": "x" * 9_000}}))

    taken = await take(
        http, item(campaign, {"email": ADA, "title": "VP", "attributes": {"b": "x" * 9_000}})
    )

    person = await person_of(http, taken)
    assert taken["warnings"] == ["attributes_too_large"]
    assert (person["title"], list(person["attributes"])) == ("VP", ["a"])


async def test_do_pending_scoring_reads_back_false(http: httpx.AsyncClient, campaign: str) -> None:
    taken = await take(http, item(campaign, {"email": ADA, "do_pending_scoring": True}))

    assert (await person_of(http, taken))["do_pending_scoring"] is False


async def test_a_skipped_items_person_is_merged_all_the_same(
    http: httpx.AsyncClient, campaign: str
) -> None:
    await take(http, item(campaign))

    skipped = await take(http, item(campaign, {"email": ADA, "title": "VP"}, member_status="Sent"))

    assert skipped["result"] == "skipped"
    assert (await person_of(http, skipped))["title"] == "VP"


async def test_one_new_person_under_several_names_in_a_request_is_one(
    http: httpx.AsyncClient, campaign: str
) -> None:
    found = await take_all(
        http,
        [
            item(campaign, ADA),
            item(campaign, {"email": "ADA@example.com", "external_id": "crm-1"}),
            item(campaign, {"external_id": "crm-1", "email": "lovelace@example.com"}),
            item(campaign, {"external_id": "crm-1", "title": "VP"}),
        ],
    )

    assert [one["result"] for one in found] == ["created", "repeat", "repeat", "repeat"]
    (person,) = await people(http)
    assert (person["email"], person["title"]) == ("lovelace@example.com", "VP")


async def test_a_person_who_is_not_given_as_an_object_is_rejected(
    http: httpx.AsyncClient, campaign: str
) -> None:
    wrong: list[Any] = [None, ADA, [], 1]
    for whom in wrong:
        answer = await post(http, {"campaign": campaign, "person": whom})

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/person"


async def test_a_duplicate_that_names_new_addresses_spoils_no_later_item(
    http: httpx.AsyncClient, campaign: str
) -> None:
    """What a duplicate brings is not merged, so later items may mean others than it seems."""
    known = await take(http, item(campaign, {"external_id": "crm-1"}, responded_at=NINE))
    cyd = await upsert(http, email="cyd@example.com")

    repeated = {"external_id": "crm-1", "email": "new@example.com"}
    found = await take_all(
        http,
        [
            item(campaign, repeated, responded_at=NINE),
            item(campaign, "new@example.com"),
            item(campaign, {"id": cyd["id"], "external_id": "crm-7"}),
        ],
    )

    assert [one["result"] for one in found] == ["duplicate", "created", "created"]
    assert found[0]["id"] == known["id"]
    assert (await person_of(http, found[1]))["external_id"] is None
    assert len(await people(http)) == 3
