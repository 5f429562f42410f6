"""Rows about people who are there and told nothing new: looked for once, by the name they give."""

from typing import Any

import pytest

from app.core.resources import Resources
from app.responses.intake.acquaintance import Acquaintance, Name, name_of
from app.responses.intake.said import said_of
from app.responses.schemas import PersonIn
from tests.conftest import Tenant
from tests.imports.interrupting import MET, Chunks, Json
from tests.people.making import an_email, upsert
from tests.responses.engine_making import a_campaign, configure, listed_responses
from tests.responses.intake_making import people


def _rows(campaign: Json, *persons: Json) -> list[Json]:
    return [
        {"campaign": campaign["code"], "person": person, "external_id": f"m-{number}"}
        for number, person in enumerate(persons)
    ]


async def _meant(tenant: Tenant, campaign: Json) -> list[Any]:
    found = await listed_responses(tenant.http, campaign)
    return [one["person_id"] for one in sorted(found, key=lambda one: str(one["external_id"]))]


@pytest.mark.parametrize("name", ["email", "external_id"])
async def test_whoever_is_not_met_is_looked_for_by_all_names(
    tenant: Tenant, chunks: Chunks, name: str
) -> None:
    http, campaign = tenant.http, await a_campaign(tenant.http)
    known = [await upsert(http, email=an_email(), external_id=f"crm-{n}") for n in range(3)]
    same, changed, conflicting = ({name: one[name]} for one in known)
    new = {name: "new@example.com"}

    outcomes = await chunks.take(
        _rows(campaign, same, changed | {"title": "Captain"}, new, same, conflicting)
    )

    assert [one.result.value for one in outcomes] == ["created"] * 3 + ["repeat", "created"]
    meant = await _meant(tenant, campaign)
    assert [meant[at] for at in (0, 1, 3, 4)] == [known[at]["id"] for at in (0, 1, 0, 2)]
    assert len(await people(http)) == 4
    (captain,) = await people(http, email=known[1]["email"])
    assert captain["title"] == "Captain"


async def test_an_address_is_the_same_in_any_letters(tenant: Tenant, chunks: Chunks) -> None:
    campaign = await a_campaign(tenant.http)
    known = await upsert(tenant.http, email="Ada.Straße@Example.com")

    await chunks.take(
        _rows(
            campaign,
            {"email": "Ada.Straße@Example.com"},
            {"email": "ADA.STRASSE@example.com"},
            {"email": "ada.strasse@example.com", "external_id": "crm-1"},
        )
    )

    assert set(await _meant(tenant, campaign)) == {known["id"]}
    (ada,) = await people(tenant.http)
    # What the last row says.
    assert (ada["email"], ada["external_id"]) == ("ada.strasse@example.com", "crm-1")


async def test_an_external_id_goes_before_an_address(tenant: Tenant, chunks: Chunks) -> None:
    campaign = await a_campaign(tenant.http)
    ada = await upsert(tenant.http, email=an_email(), external_id="crm-1")
    bob = await upsert(tenant.http, email=an_email(), external_id="crm-2")
    carol = await upsert(tenant.http, email=an_email())

    outcomes = await chunks.take(
        _rows(
            campaign,
            {"external_id": "crm-1", "email": ada["email"]},
            {"external_id": "crm-1", "email": bob["email"]},
            {"external_id": "crm-3", "email": carol["email"]},
        )
    )

    assert await _meant(tenant, campaign) == [ada["id"], ada["id"], carol["id"]]
    assert [[warned.value for warned in one.warnings] for one in outcomes] == [
        [],
        ["identity_conflict"],
        [],
    ]


@pytest.mark.parametrize("is_first", [True, False])
async def test_rows_with_one_name_mean_one_person_though_it_is_given_up_meanwhile(
    tenant: Tenant, chunks: Chunks, *, is_first: bool
) -> None:
    # Nobody qualifies, and so nobody who is met is looked at again.
    await configure(tenant.http, threshold=1_000)
    campaign, email = await a_campaign(tenant.http), an_email()
    known = await upsert(tenant.http, email=email)
    met, other = {"email": email}, {"email": email, "title": "Captain"}

    async def move() -> None:
        moved = await tenant.http.patch(f"/v1/people/{known['id']}", json={"email": an_email()})
        assert moved.status_code == 200

    chunks.after(MET, move)

    await chunks.take(_rows(campaign, *((met, other) if is_first else (other, met))))

    first, second = await _meant(tenant, campaign)
    assert first == second


async def test_whoever_is_met_is_looked_for_once(tenant: Tenant, resources: Resources) -> None:
    campaign = await a_campaign(tenant.http)
    known = [await upsert(tenant.http, email=an_email()) for _ in range(5)]
    chunks = Chunks(resources, tenant, is_close=True)

    await chunks.take(_rows(campaign, *({"email": one["email"]} for one in known)))

    asked = [sql for sql, args in chunks.said if known[0]["email"] in str(args)]
    assert [MET in sql for sql in asked] == [True]
    assert await _meant(tenant, campaign) == [one["id"] for one in known]


def test_people_are_close_while_four_in_five_are_met() -> None:
    found = Acquaintance()
    seen = []
    for met, rows in [(0, 5), (4, 5), (0, 0), (79, 100), (80, 100)]:
        found.note(met, rows)
        seen.append(found.is_close)
    assert seen == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"email": "a@example.com"}, {"email": "b@example.com"}], Name.EMAIL),
        ([{"external_id": "1"}, {"external_id": "2", "email": "b@example.com"}], Name.EXTERNAL_ID),
        ([{"external_id": "1"}, {"email": "b@example.com"}], None),
        ([{"email": "a@example.com"}, {}], None),
        ([{"email": "a@example.com", "id": "01890000-0000-7000-8000-000000000000"}], None),
    ],
)
def test_rows_are_met_by_a_name_that_all_of_them_give(
    given: list[Json], expected: Name | None
) -> None:
    said = said_of([PersonIn.model_validate(one) for one in given])

    assert name_of(said) is expected
