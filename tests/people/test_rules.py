"""The pure rules that intake shares."""

from uuid import UUID

import pytest

from app.core.ids import uuid7
from app.models import Person
from app.people import rules
from app.people.rules import Identity, Warned
from tests.people.test_opportunities import NOON

ACCOUNT = uuid7()


def a_person(*, external_id: str | None = None, email: str | None = None) -> Person:
    return Person(
        account_id=ACCOUNT,
        external_id=external_id,
        created_at=NOON,
        updated_at=NOON,
        **rules.email_columns(email),
    )


@pytest.mark.parametrize(
    ("email", "folded"),
    [(" Ann@Example.COM ", "ann@example.com"), ("STRASSE@x.de", "strasse@x.de"),
     ("Straße@x.de", "strasse@x.de")],
)  # fmt: skip
def test_addresses_are_the_same_without_blanks_and_case(email: str, folded: str) -> None:
    assert rules.fold_email(email) == folded


def test_an_id_that_nobody_has_means_nobody() -> None:
    identity = Identity(UUID(int=1), external_id="a")

    assert rules.find(identity, [a_person(external_id="a")]) is None


def test_the_external_id_is_looked_at_before_the_email() -> None:
    by_email, by_id = a_person(email="a@x.de"), a_person(external_id="a")

    assert rules.find(Identity(None, "a", "A@x.de"), [by_email, by_id]) is by_id
    assert rules.find(Identity(None, "b", "A@x.de"), [by_email, by_id]) is by_email
    assert rules.find(Identity(None, "b", "b@x.de"), [by_email, by_id]) is None


def test_an_absent_identity_matches_nobody() -> None:
    assert rules.find(Identity(None, None, "a@x.de"), [a_person(email=None)]) is None


def test_a_conflict_leaves_the_email_and_merges_the_rest() -> None:
    by_email, by_id = a_person(email="a@x.de"), a_person(external_id="a")

    changes, warnings = rules.identify(Identity(None, "a", "a@x.de"), by_id, [by_email, by_id])

    assert (changes, warnings) == ({}, [Warned.IDENTITY_CONFLICT])


def test_only_what_differs_is_changed() -> None:
    person = a_person(email="a@x.de")
    person.attributes = {"a": 1}

    assert rules.merged(person, {"title": None, "score": 0, "attributes": {"a": 1}}) == {}
    assert rules.merged(person, {"score": 2, "attributes": {"b": None, "c": 3}}) == {
        "score": 2,
        "attributes": {"a": 1, "c": 3},
    }
    assert rules.patched(person, {"email": None, "attributes": {"a": None}}) == {
        "email": None,
        "email_folded": None,
        "attributes": {},
    }
