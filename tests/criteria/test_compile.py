"""The SQL itself: what is bound, how it is numbered, and how large it may get."""

from datetime import UTC, datetime
from typing import Any

from app.criteria.compile import Parameters, compile_sql
from app.criteria.oracle import holds
from app.criteria.parse import MAX_DEPTH, MAX_NODES, parse
from tests.criteria.generator import Generator
from tests.criteria.rows import Row, open_tables

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_parameters_are_numbered_on_from_the_callers_own() -> None:
    parameters = Parameters(4)

    assert parameters.add("a", "text") == "$4::text"
    assert parameters.add(2, "bigint") == "$5::bigint"
    assert parameters.values == ["a", 2]


def test_nothing_that_was_sent_gets_into_the_text() -> None:
    parameters = Parameters()
    values = ["zebra", ["zebra"]]
    tests = [
        {"field": "person.attributes.zebra", "op": op, "value": value}
        for op, value in zip(["contains", "in"], values, strict=True)
    ]

    sql = compile_sql(parse({"any": tests}), parameters, now="now()")

    assert "zebra" not in sql
    assert parameters.values == ["zebra", "zebra", "zebra", ["zebra"]]


def test_columns_are_compared_without_calling_functions_of_ours() -> None:
    generator = Generator(seed=1)
    tests = [test for test in (generator.test() for _ in range(500)) if "attr" not in test["field"]]

    sql = compile_sql(parse({"all": tests}), Parameters(), now="now()")

    assert "penstock_" not in sql


async def test_the_largest_criteria_run(database_url: str) -> None:
    deep: dict[str, Any] = {"field": "person.attributes.a", "op": "in", "value": ["x"] * 1_000}
    for _ in range(MAX_DEPTH - 2):
        deep = {"not": deep}
    wide = [{"field": "person.attributes.a", "op": "equals", "value": f"{n}"} for n in range(2_000)]
    criteria = parse({"any": [deep, *wide[: MAX_NODES - MAX_DEPTH]]})
    rows = [Row(person={"attributes": f'{{"a": "{text}"}}'}) for text in ("X", "7", "none")]

    async with open_tables(database_url) as tables:
        await tables.load(rows)
        [said] = await tables.evaluate([criteria], now=NOON)

    assert said == [True, True, False]
    assert said == [holds(criteria, row.facts, NOON) for row in rows]
