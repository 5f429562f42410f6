"""The compiled SQL and the oracle, on a hundred thousand cases; `CRITERIA_CASES` asks for more."""

import json
import os
from collections import Counter

from app.criteria.operators import Op
from app.criteria.oracle import holds
from app.criteria.parse import parse
from tests.criteria.generator import NOW, Generator
from tests.criteria.rows import open_tables

CASES = int(os.environ.get("CRITERIA_CASES", "100000"))
SEED = int(os.environ.get("CRITERIA_SEED", "20260310"))
ROWS = 200
CRITERIA_PER_LOAD = 50


async def test_sql_and_oracle_agree_on_every_generated_case(database_url: str) -> None:
    """Cases are criteria times rows; some criteria are single tests, to see each operator meet."""
    generator = Generator(SEED)
    answers: Counter[bool] = Counter()
    answers_by_op: Counter[tuple[str, bool]] = Counter()

    async with open_tables(database_url) as tables:
        while answers.total() < CASES:
            rows = [generator.row() for _ in range(ROWS)]
            written = [
                generator.test() if n % 2 else generator.criteria()
                for n in range(CRITERIA_PER_LOAD)
            ]
            criteria = [parse(one) for one in written]
            await tables.load(rows)
            said = await tables.evaluate(criteria, now=NOW)

            facts = [row.facts for row in rows]
            for one, source, results in zip(criteria, written, said, strict=True):
                expected = [holds(one, row, NOW) for row in facts]
                for n in range(ROWS):
                    assert results[n] is expected[n], _difference(source, rows[n], expected[n])
                answers.update(expected)
                if "op" in source:
                    answers_by_op.update((source["op"], result) for result in expected)

    assert min(answers[True], answers[False]) >= 0.1 * answers.total(), answers
    never = [(op, met) for op in Op for met in (True, False) if not answers_by_op[str(op), met]]
    assert not never


def _difference(source: object, row: object, expected: bool) -> str:
    return f"seed {SEED}: oracle says {expected} of {json.dumps(source)} for {row}"
