"""Who is who within a fold, and what of it is written."""

import pytest

from app.responses.intake.rules import Caution
from tests.responses.fold_making import (
    ACME,
    SPRING,
    SUMMER,
    a_fold,
    a_person,
    results,
    take,
)


def test_only_what_has_changed_is_written() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com", title="VP")
    fold = a_fold(ada)

    take(
        fold,
        {"person": {"email": "ada@example.com", "title": "VP"}},
        {"person": {"id": str(ada.id), "title": "CEO"}},
    )
    changed = {name for person in fold.people.by_id.values() for name in person.changed}
    take(fold, {"person": {"id": str(ada.id), "title": "VP"}})

    assert changed == {"title"}
    assert not any(person.changed for person in fold.people.by_id.values())


@pytest.mark.parametrize(("stored", "given"), [(1, True), (1, 1.0), (False, 0), ([1], [True])])
def test_attributes_that_only_look_equal_are_written(stored: object, given: object) -> None:
    ada = a_person(email="a@example.com", email_folded="a@example.com", attributes={"a": stored})
    fold = a_fold(ada)

    take(fold, {"person": {"email": "a@example.com", "attributes": {"a": given}}})

    (person,) = fold.people.by_id.values()
    assert person.changed == {"attributes"}


def test_a_fold_does_not_change_what_it_was_given() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")

    for _ in range(2):
        fold = a_fold(ada)
        take(fold, {"person": {"email": "ada@example.com", "title": "VP", "attributes": {"a": 1}}})
        assert fold.people.by_id[ACME, ada.id].changed == {"title", "attributes"}

    assert (ada.changed, ada.values["attributes"]) == (set(), {})


def test_a_new_person_is_made_once_and_has_no_records_to_read() -> None:
    items = [
        {"person": {"email": "ada@example.com"}},
        {"person": {"email": "ada@example.com", "external_id": "crm-1"}},
        {"person": {"external_id": "crm-1", "email": "lovelace@example.com"}},
    ]
    fold = a_fold()

    outcomes = take(fold, *items)

    assert results(outcomes) == ["created", "repeat", "repeat"]
    (person,) = fold.people.created()
    assert (person.values["external_id"], person.changed) == ("crm-1", set())
    assert fold.to_read() == set()


def test_an_address_given_up_goes_on_naming_its_person() -> None:
    ada = a_person(external_id="crm-1", email="old@example.com", email_folded="old@example.com")
    fold = a_fold(ada)

    outcomes = take(
        fold,
        {"person": {"external_id": "crm-1", "email": "new@example.com"}},
        {"person": {"email": "old@example.com"}},
        {"person": {"email": "new@example.com"}},
    )

    assert {outcome.record.person_id for outcome in outcomes if outcome.record} == {ada.id}
    assert fold.people.created() == []


def test_a_conflict_of_identities_is_warned_of() -> None:
    ada = a_person(external_id="crm-1")
    bob = a_person(email="bob@example.com", email_folded="bob@example.com")
    fold = a_fold(ada, bob)

    (outcome,) = take(fold, {"person": {"external_id": "crm-1", "email": "bob@example.com"}})

    assert outcome.warnings == (Caution.IDENTITY_CONFLICT,)
    assert outcome.record is not None
    assert outcome.record.person_id == ada.id
    assert fold.people.by_id[ACME, ada.id].values["email"] is None


def test_the_records_to_read_are_those_of_people_who_were_there() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")
    fold = a_fold(ada)

    take(fold, {}, {"campaign": "summer"}, {"person": {"email": "new@example.com"}})

    assert fold.to_read() == {(ACME, ada.id, SPRING.id), (ACME, ada.id, SUMMER.id)}
