"""Columns find their fields by name or by a mapping, or the file is refused."""

from typing import Any

import pytest

from app.imports.columns.errors import (
    AmbiguousColumn,
    MissingColumn,
    UnknownColumn,
    UnknownMapping,
)
from app.imports.columns.fields import path_of
from app.imports.columns.matching import match
from app.imports.columns.plan import plan_of
from app.imports.formats.errors import FileRefused
from app.imports.formats.format import FileType
from app.models.states import UploadObject
from app.people.schemas import PersonUpsert
from app.responses.schemas import ResponseCreate

PEOPLE, RESPONSES = UploadObject.PEOPLE, UploadObject.RESPONSES


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("email", ("person", "email")),
        (" E-Mail ", None),
        ("First Name", ("person", "first_name")),
        ("person.first-name", ("person", "first_name")),
        ("PERSON.ID", ("person", "id")),
        ("external_id", ("external_id",)),
        ("External ID", ("external_id",)),
        ("score", ("score",)),
        ("person.score", ("person", "score")),
        ("attributes", ("attributes",)),
        ("person", ("person",)),
        ("person.attributes", ("person", "attributes")),
        ("Attributes.Team Size", ("attributes", "Team Size")),
        ("person.attributes.a.b", ("person", "attributes", "a.b")),
        ("attributes.", None),
        ("attributes. ", None),
        ("attributes.\x00", None),
        ("id", None),
        ("person.nothing", None),
        ("", None),
    ],
)
def test_a_name_leads_to_a_field_of_a_response(name: str, path: tuple[str, ...] | None) -> None:
    assert path_of(name, RESPONSES) == path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("email", ("email",)),
        ("ID", ("id",)),
        ("Do Pending-Scoring", ("do_pending_scoring",)),
        ("attributes.a", ("attributes", "a")),
        ("attributes", ("attributes",)),
        ("person.email", None),
        ("campaign", None),
    ],
)
def test_a_name_leads_to_a_field_of_a_person(name: str, path: tuple[str, ...] | None) -> None:
    assert path_of(name, PEOPLE) == path


def test_every_field_of_the_api_can_be_given() -> None:
    assert all(path_of(name, PEOPLE) for name in PersonUpsert.model_fields)
    assert all(path_of(name, RESPONSES) for name in ResponseCreate.model_fields)
    assert all(path_of(f"person.{name}", RESPONSES) for name in PersonUpsert.model_fields)


def test_a_mapping_goes_before_names_and_null_ignores() -> None:
    columns = ["email", "Mail 2", "id", "score"]
    mapping = {"Mail 2": "Person.Email", "email": "attributes.old", "id": None}

    assert match(columns, mapping, RESPONSES, has_campaign=True) == {
        0: ("attributes", "old"),
        1: ("person", "email"),
        3: ("score",),
    }


def test_all_unknown_columns_are_named() -> None:
    with pytest.raises(UnknownColumn) as refused:
        match(["email", "x", "y", "z"], {"y": "nowhere", "z": None}, PEOPLE, has_campaign=False)

    assert [fault.pointer for fault in refused.value.faults] == ["/columns/1", "/columns/2"]
    assert {fault.code for fault in refused.value.faults} == {"unknown_column"}


def test_a_mapping_of_columns_that_are_not_there_is_refused() -> None:
    with pytest.raises(UnknownMapping) as refused:
        match(["email"], {"email": "email", "a/b": None, "x": "y"}, PEOPLE, has_campaign=False)

    assert [fault.pointer for fault in refused.value.faults] == ["/mapping/a~1b", "/mapping/x"]


@pytest.mark.parametrize(
    ("columns", "pair"),
    [
        (["email", "Email"], (0, 1)),
        (["email", "campaign", "person.email"], (0, 2)),
        (["person", "campaign", "email"], (0, 2)),
        (["email", "campaign", "person"], (0, 2)),
        (["email", "attributes.a", "attributes"], (1, 2)),
        (["email", "attributes", "attributes.a"], (1, 2)),
        (["email", "person.attributes.a", "person.attributes"], (1, 2)),
        (["email", "attributes.a", "Attributes.a"], (1, 2)),
    ],
)
def test_two_columns_for_one_field_are_refused(columns: list[str], pair: tuple[int, int]) -> None:
    with pytest.raises(AmbiguousColumn) as refused:
        match(columns, None, RESPONSES, has_campaign=True)

    earlier, later = pair
    assert [fault.pointer for fault in refused.value.faults] == [
        f"/columns/{earlier}",
        f"/columns/{later}",
    ]
    assert refused.value.message.startswith(f"Columns {earlier + 1} and {later + 1} lead")


def test_parts_of_an_object_are_different_fields() -> None:
    columns = ["email", "phone", "attributes.a", "attributes.b", "person.attributes.a"]

    assert len(match(columns, None, RESPONSES, has_campaign=True)) == 5


@pytest.mark.parametrize(
    ("of", "columns", "has_campaign", "field"),
    [
        (RESPONSES, ["email"], False, "campaign"),
        (
            RESPONSES,
            ["campaign", "external_id"],
            False,
            "person.id, person.external_id or person.email",
        ),
        (RESPONSES, ["phone"], True, "person.id, person.external_id or person.email"),
        (PEOPLE, ["first_name", "last_name"], False, "id, external_id or email"),
    ],
)
def test_a_column_that_every_row_needs_must_be_there(
    of: UploadObject, columns: list[str], has_campaign: bool, field: str
) -> None:
    with pytest.raises(MissingColumn) as refused:
        match(columns, None, of, has_campaign=has_campaign)

    assert refused.value.message == f"No column leads to {field}."


@pytest.mark.parametrize("column", ["email", "person.id", "person.external_id", "person"])
def test_any_identity_will_do(column: str) -> None:
    assert len(match(["campaign", column], None, RESPONSES, has_campaign=False)) == 2


@pytest.mark.parametrize("of", list(UploadObject))
def test_a_mapping_for_objects_is_looked_at_beforehand(of: UploadObject) -> None:
    mapping: dict[str, Any] = {"a": "email", "b": "nowhere", "c": None}

    with pytest.raises(UnknownColumn) as refused:
        plan_of(of, FileType.NDJSON, [], mapping)

    assert [fault.pointer for fault in refused.value.faults] == ["/mapping/b"]


def test_no_refusal_repeats_a_name() -> None:
    for columns in (["secret", "email"], ["email", "e-mail", "secret"]):
        with pytest.raises(FileRefused) as refused:
            match(columns, None, PEOPLE, has_campaign=False)
        assert "secret" not in refused.value.message
        assert not any("secret" in fault.detail for fault in refused.value.faults)
