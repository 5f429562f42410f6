"""What criteria mean, sentence by sentence, in SQL and in Python at once."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from app.criteria.operators import POSITIVE_OF, Op
from app.criteria.oracle import holds
from app.criteria.parse import parse
from tests.criteria.rows import Row, Tables, open_tables

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

Ask = Callable[..., Awaitable[bool]]


@pytest_asyncio.fixture(scope="module")
async def tables(database_url: str) -> AsyncIterator[Tables]:
    async with open_tables(database_url) as tables:
        yield tables


@pytest.fixture
def ask(tables: Tables) -> Ask:
    """Ask both readings about one row and return the answer they share."""

    async def ask(criteria: Any, row: Row | None = None) -> bool:
        row = row or Row()
        tree = parse(criteria)
        await tables.load([row])
        [[said]] = await tables.evaluate([tree], now=NOON)
        assert said is holds(tree, row.facts, NOON)
        return said

    return ask


def a_person(attributes: dict[str, Any] | None = None, **columns: Any) -> Row:
    written = None if attributes is None else json.dumps(attributes)
    return Row(person=columns | {"attributes": written})


def a_test(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


TRUE = a_test("person.title", "is_empty")
FALSE = a_test("person.title", "is_not_empty")


async def test_all_is_true_if_every_part_is(ask: Ask) -> None:
    assert await ask({"all": [TRUE, TRUE]})
    assert not await ask({"all": [TRUE, FALSE]})


async def test_any_is_true_if_one_part_is(ask: Ask) -> None:
    assert await ask({"any": [FALSE, TRUE]})
    assert not await ask({"any": [FALSE, FALSE]})


async def test_not_is_true_if_its_part_is_false(ask: Ask) -> None:
    assert await ask({"not": FALSE})
    assert not await ask({"not": TRUE})
    assert await ask({"not": {"not": TRUE}})


async def test_a_test_names_field_op_and_value(ask: Ask) -> None:
    criteria = {"field": "person.title", "op": "contains", "value": "VP"}

    assert await ask(criteria, a_person(title="VP of Sales"))
    assert not await ask(criteria, a_person(title="Engineer"))


@pytest.mark.parametrize(
    ("op", "value", "matching", "other"),
    [
        ("equals", "VP Sales", "vp sales", "vp sale"),
        ("in", ["CEO", "VP"], "vp", "v"),
        ("contains", "_p", "a_P", "aXp"),
        ("starts_with", "100%", "100% ok", "100 ok"),
        ("ends_with", "Größe", "Die GRÖSSE, pardon: grÖße", "größer"),
    ],
)
async def test_text_operators_compare_text(
    ask: Ask, op: str, value: Any, matching: str, other: str
) -> None:
    assert await ask(a_test("person.title", op, value), a_person(title=matching))
    assert not await ask(a_test("person.title", op, value), a_person(title=other))


@pytest.mark.parametrize(
    ("op", "value", "matching", "other"),
    [
        ("equals", 5, 5, 6),
        ("in", [5, 7.5], 5, 7),
        ("gt", 4.5, 5, 4),
        ("gte", 5, 5, 4),
        ("lt", 5, 4, 5),
        ("lte", 5, 5, 6),
        ("between", [5, 7], 7, 8),
        ("between", [5, 7], 5, 4),
    ],
)
async def test_number_operators_compare_numbers(
    ask: Ask, op: str, value: Any, matching: int, other: int
) -> None:
    assert await ask(a_test("person.score", op, value), a_person(score=matching))
    assert not await ask(a_test("person.score", op, value), a_person(score=other))


@pytest.mark.parametrize("value", [True, False])
async def test_boolean_operators_compare_booleans(ask: Ask, value: bool) -> None:
    assert await ask(a_test("person.opted_out", "equals", value), a_person(opted_out=value))
    assert not await ask(a_test("person.opted_out", "equals", value), a_person(opted_out=not value))


@pytest.mark.parametrize(
    ("op", "value", "matching", "other"),
    [
        ("before", "2026-03-10T14:00:00+02:00", NOON - timedelta(microseconds=1), NOON),
        ("after", "2026-03-10T07:00:00-05:00", NOON + timedelta(microseconds=1), NOON),
        ("between", ["2026-03-10T11:00:00Z", "2026-03-10T12:00:00Z"], NOON, NOON.replace(hour=10)),
    ],
)
async def test_moments_compare_across_offsets(
    ask: Ask, op: str, value: Any, matching: datetime, other: datetime
) -> None:
    assert await ask(a_test("person.created_at", op, value), a_person(created_at=matching))
    assert not await ask(a_test("person.created_at", op, value), a_person(created_at=other))


async def test_within_last_takes_a_duration_and_includes_both_ends(ask: Ask) -> None:
    criteria = a_test("person.created_at", "within_last", "P1W")
    moment = timedelta(microseconds=1)

    assert await ask(criteria, a_person(created_at=NOON))
    assert await ask(criteria, a_person(created_at=NOON - timedelta(weeks=1)))
    assert not await ask(criteria, a_person(created_at=NOON - timedelta(weeks=1) - moment))
    assert not await ask(criteria, a_person(created_at=NOON + moment))


async def test_older_than_takes_a_duration_and_begins_where_within_last_ends(ask: Ask) -> None:
    criteria = a_test("person.created_at", "older_than", "P1W")

    assert not await ask(criteria, a_person(created_at=NOON - timedelta(weeks=1)))
    assert await ask(criteria, a_person(created_at=NOON - timedelta(weeks=1, microseconds=1)))


async def test_a_day_has_24_hours_even_when_clocks_change(ask: Ask) -> None:
    """The session's clocks went forward on 8 March, two days before."""
    criteria = a_test("person.created_at", "within_last", "P3D")

    assert await ask(criteria, a_person(created_at=NOON - timedelta(hours=72)))
    assert not await ask(criteria, a_person(created_at=NOON - timedelta(hours=72, seconds=1)))


async def test_fields_come_from_people_campaigns_and_responses(ask: Ask) -> None:
    row = Row(
        person={"score": 1},
        campaign={"score": 2},
        response={"score": 3, "user_name": "marketo", "is_prompt": True},
    )

    assert await ask(a_test("person.score", "equals", 1), row)
    assert await ask(a_test("campaign.score", "equals", 2), row)
    assert await ask(a_test("response.score", "equals", 3), row)
    assert await ask(a_test("response.user", "equals", "Marketo"), row)
    assert await ask(a_test("response.response_prompt", "equals", True), row)


async def test_attributes_are_free(ask: Ask) -> None:
    row = Row(response={"attributes": '{"Größe.in \'m²\'": "XL"}'})

    assert await ask(a_test("response.attributes.Größe.in 'm²'", "equals", "xl"), row)
    assert not await ask(a_test("campaign.attributes.Größe.in 'm²'", "equals", "xl"), row)


@pytest.mark.parametrize(
    ("left", "right"), [("ÄRGER", "ärger"), ("МОСКВА", "москва"), ("ΣΣ", "σσ"), ("İ", "i")]
)
async def test_text_compares_without_case(ask: Ask, left: str, right: str) -> None:
    for value, stored in [(left, right), (right, left)]:
        assert await ask(a_test("person.title", "equals", value), a_person(title=stored))
        assert await ask(a_test("person.title", "in", ["x", value]), a_person(title=stored))
        assert await ask(a_test("person.attributes.a", "equals", value), a_person({"a": stored}))


@pytest.mark.parametrize("stored", [None, ""])
async def test_a_missing_value_is_empty(ask: Ask, stored: str | None) -> None:
    for row in [a_person({"a": stored}, title=stored), a_person({}), a_person()]:
        for field in ["person.title", "person.attributes.a"]:
            assert await ask(a_test(field, "is_empty"), row)
            assert not await ask(a_test(field, "is_not_empty"), row)


async def test_a_value_that_is_there_is_not_empty(ask: Ask) -> None:
    row = a_person(
        {"text": " ", "number": 0, "boolean": False}, title=" ", score=0, opted_out=False
    )
    fields = ["title", "score", "opted_out", *(f"attributes.{k}" for k in ("text", "number"))]

    for field in [*fields, "attributes.boolean"]:
        assert not await ask(a_test(f"person.{field}", "is_empty"), row)
        assert await ask(a_test(f"person.{field}", "is_not_empty"), row)


POSITIVE_TESTS = [
    *(a_test("title", op, "vp") for op in ("equals", "contains", "starts_with", "ends_with")),
    a_test("title", "in", ["vp"]),
    *(a_test("score", op, 0) for op in ("equals", "gt", "gte", "lt", "lte")),
    a_test("score", "in", [0]),
    a_test("score", "between", [-5, 5]),
    a_test("opted_out", "equals", False),
    *(a_test("created_at", op, "2026-03-10T12:00:00Z") for op in ("before", "after")),
    a_test("created_at", "between", ["2000-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]),
    *(a_test("created_at", op, "P1D") for op in ("within_last", "older_than")),
]


@pytest.mark.parametrize("prefix", ["person.", "person.attributes."])
@pytest.mark.parametrize("test", POSITIVE_TESTS, ids=lambda test: f"{test['field']}-{test['op']}")
async def test_every_positive_test_on_a_missing_value_is_false(
    ask: Ask, prefix: str, test: dict[str, Any]
) -> None:
    criteria = test | {"field": prefix + test["field"]}

    assert not await ask(criteria)
    assert await ask({"not": criteria})


@pytest.mark.parametrize("negative", list(POSITIVE_OF))
@pytest.mark.parametrize("stored", [None, "", "vp", "Sales VP", "other"])
async def test_each_not_test_is_exactly_the_negation_of_its_positive(
    ask: Ask, negative: Op, stored: str | None
) -> None:
    value = {Op.NOT_IN: [["VP", "sales vp"]], Op.IS_NOT_EMPTY: []}.get(negative, ["VP"])
    for field in ["person.title", "person.attributes.a"]:
        row = a_person({"a": stored}, title=stored)
        positive = await ask(a_test(field, POSITIVE_OF[negative], *value), row)

        assert await ask(a_test(field, negative, *value), row) is not positive


@pytest.mark.parametrize(
    ("op", "value", "stored", "expected"),
    [
        ("equals", "10", 10, True),
        ("equals", "10", 10.5, False),
        ("equals", "true", True, True),
        ("contains", "a", {"a": 1}, False),
        ("contains", "a", ["a"], False),
        ("equals", 10, "10.0", True),
        ("gt", 9.5, "10", True),
        ("gt", 9.5, 10, True),
        ("gt", 9.5, "1e3", False),
        ("gt", 0, True, False),
        ("lt", 0, "", False),
        ("equals", True, "TRUE", True),
        ("equals", True, True, True),
        ("equals", True, 1, False),
        ("equals", False, None, False),
        ("before", "2027-01-01T00:00:00Z", "2026-03-10T12:00:00+01:00", True),
        ("before", "2027-01-01T00:00:00Z", "2026-02-31T00:00:00Z", False),
        ("before", "2027-01-01T00:00:00Z", "2026-03-10T12:00:00", False),
        ("before", "2027-01-01T00:00:00Z", "2026-03-10", False),
        ("before", "2027-01-01T00:00:00Z", 20260310, False),
        ("is_empty", None, {"a": 1}, True),
        ("is_empty", None, [], True),
    ],
)
async def test_an_attribute_of_another_form_is_missing(
    ask: Ask, op: str, value: Any, stored: Any, expected: bool
) -> None:
    criteria = a_test("person.attributes.a", op, *([] if value is None else [value]))

    assert await ask(criteria, a_person({"a": stored})) is expected
