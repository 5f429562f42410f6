"""Rows as lines of a file: CSV or NDJSON. Pure.

Cells are texts, as PostgreSQL wrote them, or None.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from app.core.tables import csv_line, csv_lines
from app.exports.columns import Column, ColumnType

Row: TypeAlias = Any  # of the driver, or a tuple: cells in the order of the columns

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_JSON_OF: dict[ColumnType, Callable[[Any], str]] = {
    ColumnType.TEXT: _quoted,
    ColumnType.NUMBER: str,
    ColumnType.FLAG: str,
    ColumnType.MOMENT: _quoted,
    ColumnType.JSON: str,  # one line: within texts PostgreSQL escapes the others
}


def csv_header(columns: Sequence[Column], *, is_raw: bool) -> str:
    """The first line."""
    return csv_line([column.name for column in columns], is_raw=is_raw)


def csv_page(rows: Iterable[Row], *, is_raw: bool) -> str:
    """A line for each row."""
    return csv_lines(rows, is_raw=is_raw)


def ndjson_page(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """An object for each row: numbers, true and false, null and objects as what they are."""
    parts = [
        (f"{_quoted(column.name)}:", _JSON_OF[column.type], position)
        for position, column in enumerate(columns)
    ]
    lines = []
    for row in rows:
        cells = [
            key + ("null" if (cell := row[position]) is None else written(cell))
            for key, written, position in parts
        ]
        lines.append("{" + ",".join(cells) + "}\n")
    return "".join(lines)
