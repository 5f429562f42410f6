"""Rows as the FROM item of a statement: one as it is, else an array a column.

    one      (VALUES ($2::uuid, $3::text)) AS w(id, name)
    many     (SELECT u.* FROM unnest($2::uuid[], $3::text[]) AS u(id, name)) AS w
    alike    (SELECT u.*, $4::text AS country
                FROM unnest($2::uuid[], string_to_array($3, E'\\x1f', E'\\x1e')) AS u(id, name)
             ) AS w

For PostgreSQL each array is a function to be called and a store for what it returns: of a single
response, with sixty such columns, that was about a tenth of its time. More rows than one are not
listed: each number of rows, of each of a statement's sets, would be a statement of its own.

Measured: of what a chunk of a file's rows costs the process, two fifths were values on their way to
the driver, and half of those were the same in every row. What is left is mostly text. The driver
asks of each text of an array, and more than once, whether it is an array itself; joined they are
one text to it, which PostgreSQL takes apart.
"""

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Any, NamedTuple

# Between texts, and for what is none: the separators that ASCII has for this, and nobody types.
_BETWEEN, _NOTHING = "\x1f", "\x1e"
_APART = "string_to_array(${at}::text, E'\\x1f', E'\\x1e'){cast}"
# What is text to the driver, too, and the cast from text.
_JOINED = {"text": "", "jsonb": "::jsonb[]"}


class _Way(Enum):
    """How a column is sent."""

    ARRAY = auto()
    JOINED = auto()
    SAME = auto()


class Given(NamedTuple):
    """A column of rows that are not stored: its name, PostgreSQL's type, a value for each row."""

    name: str
    type: str
    values: list[Any]


def as_rows(columns: Sequence[Given], *, first: int, is_uniform: bool) -> tuple[str, list[Any]]:
    """The FROM item `w` and its arguments.

    Args:
        columns: of rows that are alike the first one is always an array; it should tell them apart.
        first: the number of the first parameter.
        is_uniform: whether the rows are alike: columns with one value for all of them are sent as
            that value, and texts as one. Each such choice is a statement of its own to the
            server, so only where it hardly varies.
    """
    names_and_types = tuple([column[:2] for column in columns])
    if not is_uniform and len(columns[0].values) == 1:
        return _listed(names_and_types, first), [column.values[0] for column in columns]
    ways: list[_Way] = []
    arguments: list[Any] = []
    for at, column in enumerate(columns):
        way = _Way.ARRAY
        argument: Any = column.values
        if is_uniform and at > 0 and _is_same(column.values):
            way, argument = _Way.SAME, column.values[0]
        elif is_uniform and column.type in _JOINED:
            joined = _joined(column.values)
            if joined is not None:
                way, argument = _Way.JOINED, joined
        ways.append(way)
        arguments.append(argument)
    return _item(names_and_types, tuple(ways), first), arguments


def as_texts(values: list[Any], at: int) -> tuple[str, Any]:
    """An array of texts that is no column of rows: its SQL, and the argument of parameter `at`.

    None is a text that is missing.
    """
    joined = _joined(values)
    if joined is None:
        return f"${at}::text[]", values
    return _APART.format(at=at, cast=""), joined


def _joined(values: list[Any]) -> str | None:
    """The texts as one; None where one of them has in it what would take them apart."""
    try:
        joined = _BETWEEN.join(values)
    except TypeError:
        if any(_NOTHING in value for value in values if value is not None):
            return None
        joined = _BETWEEN.join([_NOTHING if value is None else value for value in values])
    else:
        if _NOTHING in joined:
            return None
    # Taken apart, an empty text is no texts at all.
    return joined if joined and joined.count(_BETWEEN) == len(values) - 1 else None


def _is_same(values: list[Any]) -> bool:
    # Most columns differ in the first and the last row already.
    return bool(values) and values[0] == values[-1] and values.count(values[0]) == len(values)


@lru_cache(maxsize=256)
def _listed(columns: tuple[tuple[str, str], ...], first: int) -> str:
    row = ", ".join(f"${at}::{kind}" for at, (_, kind) in enumerate(columns, start=first))
    return f"(VALUES ({row})) AS w({', '.join(name for name, _ in columns)})"


@lru_cache(maxsize=256)
def _item(columns: tuple[tuple[str, str], ...], ways: tuple[_Way, ...], first: int) -> str:
    arrays, names, single = [], [], []
    for at, ((name, kind), way) in enumerate(zip(columns, ways, strict=True), start=first):
        if way is _Way.SAME:
            single.append(f"${at}::{kind} AS {name}")
            continue
        names.append(name)
        if way is _Way.JOINED:
            arrays.append(_APART.format(at=at, cast=_JOINED[kind]))
        else:
            arrays.append(f"${at}::{kind}[]")
    chosen = ", ".join(["u.*", *single])
    return f"(SELECT {chosen} FROM unnest({', '.join(arrays)}) AS u({', '.join(names)})) AS w"
