"""Lines of CSV that a spreadsheet shows and does not execute. Pure.

A cell that begins like a formula gets an apostrophe before it, which spreadsheets take for "this
is text" and programs can take off again. Plain numbers stay as they are.
"""

import csv
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO

# Full-width forms too: some spreadsheets read them as the ASCII ones.
_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_WRITTEN_AS_THEY_ARE = frozenset({int, type(None)})
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def safe(text: str) -> str:
    """The cell as a spreadsheet may have it: with an apostrophe where it would be a formula."""
    if text[:1] in _BEGINS_A_FORMULA and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def csv_line(cells: Iterable[object], *, is_raw: bool = False) -> str:
    """One line of CSV, its end included, as RFC 4180 has it: commas, quotes as needed, CR LF.

    None is an empty cell. Times are RFC 3339 in UTC, objects and lists JSON. Raw cells are left
    as they are, for programs that read back exactly what there was.
    """
    return csv_lines([cells], is_raw=is_raw)


def csv_lines(rows: Iterable[Iterable[object]], *, is_raw: bool = False) -> str:
    """Many lines at once.

    Most cells are plain text, numbers or nothing. They are told apart here, in place: a call for
    each of them costs more than writing it.
    """
    harmful = frozenset[str]() if is_raw else _BEGINS_A_FORMULA
    shown = text_of if is_raw else _safe_text_of
    lines = StringIO()
    # With a bare LF at the ends, a bare CR within a cell would not be quoted.
    csv.writer(lines, lineterminator="\r\n").writerows(
        [
            cell
            if (type(cell) is str and cell[:1] not in harmful) or type(cell) in _WRITTEN_AS_THEY_ARE
            else shown(cell)
            for cell in cells
        ]
        for cells in rows
    )
    return lines.getvalue()


def text_of(cell: object) -> str:
    """A value as a cell shows it."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return moment(cell)
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)


def _safe_text_of(cell: object) -> str:
    return safe(text_of(cell))


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, as the API writes it: `2026-03-10T12:00:00Z`."""
    in_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return in_utc.isoformat()[: -len("+00:00")] + "Z"
