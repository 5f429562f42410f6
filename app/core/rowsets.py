"""Rows as the FROM item of a statement: an array a column, and one value where all are the same.

    (SELECT u.*, $4::text AS country FROM unnest($2::uuid[], $3::text[]) AS u(id, name)) AS w

Measured: of what a chunk of a file's rows costs the process, two fifths were values on their way to
the driver, and half of those were the same in every row.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple


class Given(NamedTuple):
    """A column of rows that are not stored: its name, PostgreSQL's type, a value for each row."""

    name: str
    type: str
    values: list[Any]


def as_rows(columns: Sequence[Given], *, first: int, is_uniform: bool) -> tuple[str, list[Any]]:
    """The FROM item `w` and its arguments.

    Args:
        columns: the first one is always an array; it should tell the rows apart.
        first: the number of the first parameter.
        is_uniform: whether columns with one value for all rows are sent as that value. Each such
            choice is a statement of its own to the server, so only where it hardly varies.
    """
    same = tuple(is_uniform and at > 0 and _is_same(c.values) for at, c in enumerate(columns))
    sql = _item(tuple((c.name, c.type) for c in columns), same, first)
    return sql, [
        column.values[0] if is_same else column.values
        for column, is_same in zip(columns, same, strict=True)
    ]


def _is_same(values: list[Any]) -> bool:
    # Most columns differ in the first and the last row already.
    return bool(values) and values[0] == values[-1] and values.count(values[0]) == len(values)


@lru_cache(maxsize=256)
def _item(columns: tuple[tuple[str, str], ...], same: tuple[bool, ...], first: int) -> str:
    arrays, names, single = [], [], []
    for at, ((name, kind), is_same) in enumerate(zip(columns, same, strict=True), start=first):
        if is_same:
            single.append(f"${at}::{kind} AS {name}")
        else:
            arrays.append(f"${at}::{kind}[]")
            names.append(name)
    chosen = ", ".join(["u.*", *single])
    return f"(SELECT {chosen} FROM unnest({', '.join(arrays)}) AS u({', '.join(names)})) AS w"
