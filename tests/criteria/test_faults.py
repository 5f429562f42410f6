"""Every way criteria can be wrong, what it is called, and where it points."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Fault, Invalid
from app.criteria.errors import InvalidCriteria
from app.criteria.operators import Op
from app.criteria.parse import parse

TITLE = {"field": "person.title", "op": "equals", "value": "VP"}


def faults_of(value: object, pointer: str = "") -> list[tuple[str, str]]:
    return [(fault.code, fault.pointer) for fault in refused(value, pointer)]


def refused(value: object, pointer: str = "") -> tuple[Fault, ...]:
    with pytest.raises(InvalidCriteria) as caught:
        parse(value, pointer=pointer)
    return caught.value.faults


def a_test(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


def nested(levels: int) -> dict[str, Any]:
    criteria: dict[str, Any] = TITLE
    for _ in range(levels - 1):
        criteria = {"not": criteria}
    return criteria


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_not_an_object(value: object) -> None:
    assert faults_of(value) == [("not_an_object", "")]
    assert faults_of({"all": [TITLE, value]}) == [("not_an_object", "/all/1")]
    assert faults_of({"not": value}) == [("not_an_object", "/not")]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (TITLE | {"colour": 1}, "/colour"),
        ({"all": [TITLE], "any": [TITLE]}, "/any"),
        ({"any": [TITLE], "field": "person.title"}, "/field"),
        ({"not": TITLE, "op": "equals"}, "/op"),
        (TITLE | {"not an ordinary key": 1}, ""),
        (TITLE | {"\ud800": 1}, ""),
        (TITLE | {"a/b~c": 1}, ""),
        (a_test("person.title", "is_empty", "x"), "/value"),
        (a_test("person.title", "is_not_empty", None), "/value"),
    ],
)
def test_unknown_key(value: object, pointer: str) -> None:
    assert faults_of(value) == [("unknown_key", pointer)]


@pytest.mark.parametrize(
    "value",
    [{}, {"op": "equals", "value": 1}, {"field": "person.title"}, a_test("person.title", "equals")],
)
def test_missing_key(value: object) -> None:
    assert faults_of(value) == [("missing_key", "")]


@pytest.mark.parametrize(
    "name", ["title", "person", "person.shoe_size", "person.attributes.", "account.name", ""]
)
def test_unknown_field(name: str) -> None:
    assert faults_of(TITLE | {"field": name}) == [("unknown_field", "/field")]


def test_unknown_op() -> None:
    assert faults_of(TITLE | {"op": "sounds_like"}) == [("unknown_op", "/op")]


@pytest.mark.parametrize(
    "test",
    [
        a_test("person.title", "gt", 1),
        a_test("person.score", "contains", "1"),
        a_test("person.score", "before", "2026-01-01T00:00:00Z"),
        a_test("person.opted_out", "in", [True]),
        a_test("person.created_at", "equals", "2026-01-01T00:00:00Z"),
        a_test("person.created_at", "not_in", ["2026-01-01T00:00:00Z"]),
    ],
)
def test_op_not_for_type(test: object) -> None:
    assert faults_of(test) == [("op_not_for_type", "/op")]


@pytest.mark.parametrize(
    ("test", "pointer"),
    [
        ({"all": {}}, "/all"),
        ({"any": "x"}, "/any"),
        (TITLE | {"field": 1}, "/field"),
        (TITLE | {"op": ["equals"]}, "/op"),
        (a_test("person.title", "equals", 1), "/value"),
        (a_test("person.title", "equals", None), "/value"),
        (a_test("person.title", "in", "VP"), "/value"),
        (a_test("person.title", "in", ["VP", 1]), "/value/1"),
        (a_test("person.score", "equals", "1"), "/value"),
        (a_test("person.score", "equals", True), "/value"),
        (a_test("person.score", "between", [1]), "/value"),
        (a_test("person.score", "between", [1, 2, 3]), "/value"),
        (a_test("person.score", "between", [1, "2"]), "/value/1"),
        (a_test("person.opted_out", "equals", "true"), "/value"),
        (a_test("person.opted_out", "equals", 1), "/value"),
        (a_test("person.created_at", "before", 5), "/value"),
        (a_test("person.created_at", "before", "yesterday"), "/value"),
        (a_test("person.created_at", "before", "2026-03-10"), "/value"),
        (a_test("person.created_at", "before", "2026-02-31T00:00:00Z"), "/value"),
        (a_test("person.created_at", "older_than", 5), "/value"),
        (a_test("person.attributes.a", "equals", None), "/value"),
        (a_test("person.attributes.a", "equals", {}), "/value"),
        (a_test("person.attributes.a", "in", [True]), "/value"),
        (a_test("person.attributes.a", "in", ["a", 1]), "/value/1"),
        (a_test("person.attributes.a", "between", ["a", "b"]), "/value/0"),
        (a_test("person.attributes.a", "gt", "1"), "/value"),
    ],
)
def test_wrong_type(test: object, pointer: str) -> None:
    found = faults_of(test)

    assert found[0] == ("wrong_type", pointer)


@pytest.mark.parametrize("op", ["equals", "contains", "not_contains", "starts_with", "ends_with"])
def test_empty_value(op: str) -> None:
    assert faults_of(a_test("person.title", op, "")) == [("empty_value", "/value")]
    assert faults_of(a_test("person.attributes.a", op, "")) == [("empty_value", "/value")]
    assert faults_of(a_test("person.title", "in", ["a", ""])) == [("empty_value", "/value/1")]


def test_empty_list() -> None:
    assert faults_of({"all": []}) == [("empty_list", "/all")]
    assert faults_of({"any": []}) == [("empty_list", "/any")]
    assert faults_of(a_test("person.title", "in", [])) == [("empty_list", "/value")]


def test_not_utc() -> None:
    test = a_test("person.created_at", "before", "2026-03-10T12:00:00")

    assert faults_of(test) == [("not_utc", "/value")]


@pytest.mark.parametrize(
    "duration",
    ["", "P", "PT", "P1M", "P1Y", "P1DT", "-P1D", "1D", "P1H", "PT1.5H", "P1D ", "PT5", "P37000D"],
)
def test_bad_duration(duration: str) -> None:
    test = a_test("person.created_at", "within_last", duration)

    assert faults_of(test) == [("bad_duration", "/value")]


@pytest.mark.parametrize(
    ("test", "pointer"),
    [
        (a_test("person.score", "between", [2, 1]), "/value"),
        (a_test("person.score", "gt", 10**15 + 1), "/value"),
        (a_test("person.score", "gt", -(10**400)), "/value"),
        (a_test("person.score", "gt", float("inf")), "/value"),
        (a_test("person.score", "in", [1, float("nan")]), "/value/1"),
        (a_test("person.created_at", "before", "9999-12-31T23:59:59-05:00"), "/value"),
        (
            a_test(
                "person.created_at",
                "between",
                ["2026-03-10T12:00:00Z", "2026-03-10T12:30:00+01:00"],
            ),
            "/value",
        ),
    ],
)
def test_bad_range(test: object, pointer: str) -> None:
    assert faults_of(test) == [("bad_range", pointer)]


def test_too_deep() -> None:
    parse(nested(20))

    assert faults_of(nested(21)) == [("too_deep", "/not" * 20)]
    assert faults_of(nested(100_000)) == [("too_deep", "/not" * 20)]


def test_too_many() -> None:
    parse({"any": [TITLE] * 999})
    parse(a_test("person.title", "in", ["x"] * 1_000))

    assert faults_of({"any": [TITLE] * 1_000}, "/criteria") == [("too_many", "/criteria")]
    assert faults_of({"any": [{"all": [TITLE] * 30}] * 40}) == [("too_many", "")]
    assert faults_of(a_test("person.title", "in", ["x"] * 1_001)) == [("too_many", "/value")]


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "x\udfff"])
def test_bad_text(text: str) -> None:
    assert faults_of(TITLE | {"value": text}) == [("bad_text", "/value")]
    assert faults_of(TITLE | {"field": f"person.attributes.{text}"}) == [("bad_text", "/field")]


def test_text_too_long() -> None:
    parse(TITLE | {"value": "x" * 1_000})
    parse(TITLE | {"field": "person.attributes." + "x" * 100})

    assert faults_of(TITLE | {"value": "x" * 1_001}) == [("text_too_long", "/value")]
    assert faults_of(TITLE | {"field": "person.attributes." + "x" * 101}) == [
        ("text_too_long", "/field")
    ]


def test_every_wrong_place_is_listed_below_the_prefix() -> None:
    criteria = {
        "all": [
            TITLE | {"value": 5},
            {"not": {"any": [TITLE, {"field": "person.shoe_size", "op": "near", "x": 1}]}},
            7,
        ]
    }

    assert faults_of(criteria, "/rules/3/criteria") == [
        ("wrong_type", "/rules/3/criteria/all/0/value"),
        ("unknown_key", "/rules/3/criteria/all/1/not/any/1/x"),
        ("unknown_field", "/rules/3/criteria/all/1/not/any/1/field"),
        ("unknown_op", "/rules/3/criteria/all/1/not/any/1/op"),
        ("not_an_object", "/rules/3/criteria/all/2"),
    ]


def test_at_most_a_hundred_faults_are_listed() -> None:
    assert len(refused(a_test("person.title", "in", [1] * 1_000))) == 100


def test_faults_never_carry_what_was_sent() -> None:
    secret = "hunter two"
    criteria = {
        "all": [
            {"field": secret, "op": secret, "value": secret, secret: secret},
            *(a_test(f"person.{field}", "equals", secret) for field in ("score", "opted_out")),
            a_test("person.created_at", "before", secret),
            a_test("person.created_at", "within_last", secret),
            secret,
        ]
    }

    assert secret not in repr(refused(criteria))


def test_invalid_criteria_are_an_invalid_content() -> None:
    assert issubclass(InvalidCriteria, Invalid)
    assert InvalidCriteria.code_of() == "invalid_criteria"


WORDS = st.sampled_from(
    [*Op, "person.title", "person.score", "person.created_at", "person.attributes.a", "P1D", "\0"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS
KEYS = st.sampled_from(["all", "any", "not", "field", "op", "value"]) | st.text(max_size=3)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)
LIKE_A_TEST = st.fixed_dictionaries({"field": WORDS, "op": WORDS, "value": ANYTHING})


@settings(derandomize=True, max_examples=500, deadline=None)
@given(ANYTHING | LIKE_A_TEST | st.fixed_dictionaries({"all": st.lists(ANYTHING | LIKE_A_TEST)}))
def test_whatever_is_sent_is_read_or_refused_at_places_that_exist(value: object) -> None:
    for pointer in pointers_of_faults(value):
        resolve(pointer, value)
        pointer.encode()


def pointers_of_faults(value: object) -> list[str]:
    try:
        parse(value)
    except InvalidCriteria as invalid:
        return [fault.pointer for fault in invalid.faults]
    return []


def resolve(pointer: str, document: Any) -> None:
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
