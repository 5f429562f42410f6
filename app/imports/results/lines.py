"""A chunk's rows as lines of the three files. Pure.

successful    the row as it came, then row, result, result_id, reason
failed        the row as it came, then error_code, error_column, error; in place of an earlier
              failed file's, if that is what came
unprocessed   the row as it came
"""

import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from app.core.tables import csv_line, text_of
from app.imports.columns.matching import SAID_OF_FAILURES, ColumnMapping
from app.imports.formats.format import FileType
from app.imports.packing import RowOutcome, RowResult, Rows


class ResultFile(StrEnum):
    """Which rows."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNPROCESSED = "unprocessed"


# JSON can spell halves of characters, which no encoding has; such rows fail, and are shown.
_LONE = re.compile("[\ud800-\udfff]")
ADDED = {
    ResultFile.SUCCESSFUL: ("row", "result", "result_id", "reason"),
    ResultFile.FAILED: SAID_OF_FAILURES,
    ResultFile.UNPROCESSED: (),
}


def shown(
    columns: Sequence[str], mapping: ColumnMapping | None, wanted: ResultFile
) -> Sequence[int]:
    """Which columns of the upload this file repeats, by their positions from 0."""
    is_failed = wanted is ResultFile.FAILED
    return [
        at
        for at, name in enumerate(columns)
        if not (is_failed and name in SAID_OF_FAILURES and not (mapping and name in mapping))
    ]


def header(
    columns: Sequence[str], repeated: Sequence[int], wanted: ResultFile, *, is_raw: bool
) -> str:
    """The first line."""
    return csv_line([*(columns[at] for at in repeated), *ADDED[wanted]], is_raw=is_raw)


def lines_of(
    rows: Rows,
    results: Sequence[RowResult],
    columns: Sequence[str],
    repeated: Sequence[int],
    file_type: FileType,
    wanted: ResultFile,
    *,
    is_raw: bool,
) -> Iterator[tuple[int, str]]:
    """The chunk's lines of this file, each with the number of its row."""
    for at, number in enumerate(rows.numbers):
        result = results[at] if at < len(results) else None
        if _file_of(result) is not wanted:
            continue
        cells = rows.cells[at]
        if file_type is FileType.NDJSON:
            cells = _cells_of(cells[0], columns)
        cells = cells if len(repeated) == len(columns) else [cells[at] for at in repeated]
        yield number, csv_line([*cells, *_added(number, result)], is_raw=is_raw)


def _file_of(result: RowResult | None) -> ResultFile:
    if result is None:
        return ResultFile.UNPROCESSED
    is_failed = result.outcome is RowOutcome.FAILED
    return ResultFile.FAILED if is_failed else ResultFile.SUCCESSFUL


def _added(number: int, result: RowResult | None) -> tuple[object, ...]:
    if result is None:
        return ()
    if result.outcome is RowOutcome.FAILED:
        return (result.reason, result.column, result.detail)
    return (number, result.outcome.value, result.subject_id, result.reason)


def _cells_of(line: str, columns: Sequence[str]) -> list[str]:
    """An NDJSON record under the keys of the whole file; whole, if it cannot be read."""
    try:
        record: Any = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return [line, *[""] * (len(columns) - 1)]
    return [_LONE.sub("\ufffd", text_of(record.get(column))) for column in columns]
