"""Rows that are not stored reach PostgreSQL as they are, however they are sent."""

import json
from typing import Any

import pytest

from app.core.driver import driver_of
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.rowsets import Given, as_rows


async def sent(
    resources: Resources, kind: str, values: list[Any], *, is_uniform: bool
) -> list[Any]:
    """What PostgreSQL gets of a column of these values."""
    given = [Given("id", "integer", list(range(len(values)))), Given("said", kind, values)]
    rows, arguments = as_rows(given, first=1, is_uniform=is_uniform)
    async with resources.unit_of_work(uuid7()) as session:
        driver = await driver_of(session)
        found = await driver.fetch(f"SELECT w.said FROM {rows} ORDER BY w.id", *arguments)
    return [row["said"] for row in found]


# One row is listed, more go as arrays, and those that are alike in a way of their own.
@pytest.mark.parametrize("is_uniform", [False, True])
@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize(
    "values",
    [
        ["Ada", "Grace"],
        ["Ada", None, "Grace", None],
        [None, "Ada"],
        [None, None],
        ["same", "same"],
        [""],
        ["Ada"],
        [None],
        ["", ""],
        ["", None],
        [None, ""],
        ["", "Ada"],
        ["NULL", "null", '"', "{}", "\\x1f", "a,b", "\n", "ß", "👋"],
        ["between\x1f", "Ada"],
        ["\x1f", "\x1f\x1f"],
        ["nothing\x1e", "Ada"],
        ["\x1e", None],
        ["\x1e", "\x1e"],
    ],
)
async def test_texts_arrive_as_they_are(
    resources: Resources, values: list[str | None], times: int, is_uniform: bool
) -> None:
    values = values * times

    assert await sent(resources, "text", values, is_uniform=is_uniform) == values


@pytest.mark.parametrize("is_uniform", [False, True])
@pytest.mark.parametrize("many", [1, 4])
async def test_documents_arrive_as_they_are(
    resources: Resources, many: int, is_uniform: bool
) -> None:
    documents = [{"page": 'say "\\"'}, {}, {"asset": "a\x1fb"}, {"empty": "", "none": None}][:many]
    written = [json.dumps(document) for document in documents]

    assert await sent(resources, "jsonb", written, is_uniform=is_uniform) == documents
