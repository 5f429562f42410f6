"""A row of cells becomes the very item that the API would make of the same JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.values import ATTRIBUTES_BYTES
from app.imports.columns.people import PersonItem, parse_person
from app.imports.columns.plan import Plan, plan_of_people, plan_of_responses
from app.imports.formats.format import FileType
from app.people.schemas import PersonUpsert
from app.responses.intake.items import Invalid, Item, parse_item
from app.responses.schemas import ResponseCreate
from tests.imports.items_making import is_same, item_of

COLUMNS = [
    *("external_id", "campaign", "member_status", "responded_at", "score", "response_prompt"),
    *("attributes.a", "attributes.b", "person.id", "person.external_id", "email", "first_name"),
    *("kind", "person.score", "opted_out", "person.attributes.c", "owner", "do_pending_scoring"),
]
NUMBERS = {"score", "person.score"}
FLAGS = {"response_prompt", "opted_out", "do_pending_scoring"}
BARE = {"email", "first_name", "kind", "opted_out", "owner", "do_pending_scoring"}
# The text of a cell, and what JSON has for it where that is not the text.
WHOLE = st.sampled_from([("5", 5), (" -3 ", -3), ("+7", 7), ("5.0", "5.0"), ("x", "x")])
LARGE = st.sampled_from([("1000000001", 1_000_000_001), ("9" * 30, "9" * 30), ("٣", "٣")])
SAID = st.sampled_from([("true", True), ("NO", False), ("1", True), ("0", False), ("on", "on")])
TIMES = st.sampled_from(
    [
        *("2026-03-01T10:00:00Z", "2026-03-01 10:00:00+02:00", "2026-03-01T10:00:00"),
        *("2026-03-01", "1772359200", "0001-01-01T00:00:00+14:00", "noon", "2026-02-30T00:00:00Z"),
    ]
)
TEXT = st.sampled_from(["x", "é", "a\x00", "\ud800", "y" * 101, "y" * 256, "y" * 1001, "\x01" * 9])
EMAILS = st.sampled_from(["ada@example.com", " Ada@Example.com", "ada@", "a@b@c", "x" * 330])
IDS = st.sampled_from(["0198b7a2-0000-7000-8000-000000000001", "7", "not-one"])
KINDS = st.sampled_from(["lead", "contact", "Lead"])


def _cell(column: str) -> st.SearchStrategy[tuple[str, Any]]:
    if column in NUMBERS:
        return WHOLE | LARGE
    if column in FLAGS:
        return SAID
    texts = {"responded_at": TIMES, "email": EMAILS, "person.id": IDS, "kind": KINDS}
    return texts.get(column, TEXT).map(lambda text: (text, text))


@st.composite
def _rows(draw: st.DrawFn) -> tuple[list[str], dict[str, Any]]:
    """The cells of a row, and the JSON they stand for."""
    cells = []
    raw: dict[str, Any] = {"person": {}}
    for column in COLUMNS:
        if draw(st.booleans()):
            cells.append(draw(st.sampled_from(["", " ", "\t"])))
            continue
        text, value = draw(_cell(column))
        cells.append(text)
        name = f"person.{column}" if column in BARE else column
        *steps, last = name.split(".")
        place = raw
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    return cells, raw


def _plan() -> Plan[Item]:
    return plan_of_responses(FileType.CSV, COLUMNS, None)


SHARED = _plan()


@given(row=_rows())
@settings(max_examples=600, deadline=None)
def test_the_item_of_a_row_is_that_of_the_same_json(row: tuple[list[str], dict[str, Any]]) -> None:
    cells, raw = row
    expected = parse_item(raw, 7)

    # Twice: the second time its values are remembered.
    for plan in (_plan(), SHARED, SHARED):
        assert is_same(item_of(plan, cells, 7), expected)


@given(rows=st.lists(_rows(), max_size=6))
@settings(max_examples=300, deadline=None)
def test_rows_read_together_are_as_each_alone(rows: list[tuple[list[str], dict[str, Any]]]) -> None:
    expected = [parse_item(raw, 2 * at) for at, (_, raw) in enumerate(rows)]

    found = SHARED.parse({2 * at: cells for at, (cells, _) in enumerate(rows)})

    right = [one for one in expected if isinstance(one, Item)]
    assert [is_same(item, one) for item, one in zip(found.items, right, strict=True)] == [
        True for _ in right
    ]
    assert found.invalid == [one for one in expected if isinstance(one, Invalid)]
    for field, values in (found.said or {}).items():
        assert list(values) == [getattr(item.given.person, field) for item in found.items]


@given(row=_rows())
@settings(max_examples=300, deadline=None)
def test_so_is_that_of_a_person(row: tuple[list[str], dict[str, Any]]) -> None:
    cells, raw = row
    people = [(at, name) for at, name in enumerate(COLUMNS) if name in BARE or "person." in name]
    plan = plan_of_people(FileType.CSV, [name.removeprefix("person.") for _, name in people], None)

    assert is_same(
        item_of(plan, [cells[at] for at, _ in people], 7), parse_person(raw["person"], 7)
    )


@pytest.mark.parametrize("size", [2_660, ATTRIBUTES_BYTES - 12, ATTRIBUTES_BYTES - 11])
@pytest.mark.parametrize("letter", ["x", '"', "\x01", "é"])
def test_attributes_are_weighed_as_by_the_api(size: int, letter: str) -> None:
    plan = plan_of_responses(FileType.CSV, ["email", "attributes.a"], None, campaign="c")
    raw = {
        "campaign": "c",
        "person": {"email": "a@example.com"},
        "attributes": {"a": letter * size},
    }

    assert is_same(item_of(plan, ["a@example.com", letter * size]), parse_item(raw, 0))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('{"email": "ada@example.com", "attributes": {"a": [1, 2.5]}}', None),
        ('{"emial": "ada@example.com"}', None),
        ('{"score": "5"}', None),
        ("[]", []),
        ("{", "{"),
        ('{"score": NaN}', '{"score": NaN}'),
    ],
)
def test_a_cell_may_hold_a_whole_object(cell: str, value: Any) -> None:
    plan = plan_of_responses(FileType.CSV, ["campaign", "person"], None)
    person = json.loads(cell) if value is None else value

    assert is_same(item_of(plan, ["c", cell]), parse_item({"campaign": "c", "person": person}, 0))


def test_an_object_in_a_cell_is_nobody_elses() -> None:
    plan = plan_of_responses(FileType.CSV, ["email", "attributes"], None, campaign="c")

    one, two = (item_of(plan, ["a@example.com", '{"a": {"b": 1}}'], at) for at in (0, 1))

    assert isinstance(one, Item)
    assert isinstance(two, Item)
    assert one.given.attributes == two.given.attributes
    assert one.given.attributes is not two.given.attributes


def test_a_row_without_a_campaign_takes_the_files() -> None:
    plan = plan_of_responses(FileType.CSV, ["email", "campaign"], None, campaign="spring")

    items = [item_of(plan, ["a@example.com", text]) for text in ("", "autumn")]

    assert [item.given.campaign for item in items if isinstance(item, Item)] == ["spring", "autumn"]


def test_without_one_it_is_missing() -> None:
    plan = plan_of_responses(FileType.CSV, ["email", "campaign"], None)

    item = item_of(plan, ["a@example.com", ""], 3)

    assert isinstance(item, Invalid)
    assert [(fault.pointer, fault.code) for fault in item.faults] == [("/campaign", "missing")]
    assert plan.column_of("/campaign") == "campaign"


def test_whoever_is_nobody_is_for_the_fold() -> None:
    item = item_of(_plan(), ["", "c", *[""] * 16])

    assert isinstance(item, Item)
    assert item.given.person == PersonUpsert()


@pytest.mark.parametrize("model", [ResponseCreate, PersonUpsert])
def test_no_rule_of_the_models_is_passed_over(model: type[ResponseCreate | PersonUpsert]) -> None:
    """Rows are validated field by field; a rule about several fields would have to be added."""
    rules = model.__pydantic_decorators__

    assert not rules.model_validators
    assert not rules.field_validators
    assert not rules.root_validators
    assert not rules.validators
    assert model.model_post_init is PersonUpsert.__mro__[-2].model_post_init  # type: ignore[attr-defined]  # BaseModel's
    assert all(field.default_factory is None for field in model.model_fields.values())
    assert all(field.alias is None for field in model.model_fields.values())


def test_values_of_more_kinds_than_are_remembered_stay_right() -> None:
    plan = plan_of_people(FileType.CSV, ["email", "title"], None)

    for number in range(12_000):
        cells = [f"p{number}@example.com", f"title {number % 7_000}"]
        item = item_of(plan, cells, number)
        assert isinstance(item, PersonItem)
        assert [item.given.email, item.given.title] == cells
