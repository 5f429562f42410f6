"""Quotes in CSV, as RFC 4180 has them: where a record ends, and what its cells are. Pure.

A cell that begins with a quote ends at the next single one, and a delimiter or the line's end has
to follow. Anywhere else a quote is a letter like any other.
"""

import csv
import re
from enum import Enum

QUOTE = '"'
# Possessive: what cannot match fails at once, however long it is.
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_REST_OF_QUOTED = re.compile(r'(?:[^"]++|"")*+"')


class Ending(Enum):
    """How a line leaves the record."""

    CLOSED = "the record ends with the line"
    OPEN = "a quote is open: the next line belongs to it"
    BAD = "text follows a closing quote"


class Quoting:
    """The rules for one delimiter."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._lax = re.compile(rf'(?:"(?:[^"]++|"")*+")?[^{re.escape(delimiter)}]*')

    def cells_of_line(self, line: str) -> list[str] | None:
        """The cells of a record of one line; None where Python's reader does not take it."""
        reader = csv.reader((line,), delimiter=self._delimiter, strict=True)
        try:
            return next(reader)
        except (csv.Error, StopIteration):
            # Also for cells beyond its limit, which is one for all of the process.
            return None

    def ending(self, line: str, *, is_open: bool) -> Ending:
        """How a line ends that begins a record, or goes on within quotes."""
        at = 0
        while True:
            if is_open or line.startswith(QUOTE, at):
                quoted = (_REST_OF_QUOTED if is_open else _QUOTED).match(line, at)
                if quoted is None:
                    return Ending.OPEN
                is_open, at = False, quoted.end()
                if line.startswith(self._delimiter, at):
                    at += 1
                    continue
                return Ending.CLOSED if line[at : at + 2] in ("", "\r") else Ending.BAD
            at = line.find(self._delimiter, at) + 1
            if not at:
                return Ending.CLOSED

    def cells(self, text: str) -> list[str]:
        """The cells of a record that ends where it should, of however many lines."""
        cells: list[str] = []
        at = 0
        while True:
            quoted = _QUOTED.match(text, at)
            if quoted is not None:
                cells.append(quoted[1].replace('""', QUOTE))
                at = quoted.end()
            else:
                end = text.find(self._delimiter, at)
                cells.append(text[at:] if end < 0 else text[at:end])
                at = len(text) if end < 0 else end
            if not text.startswith(self._delimiter, at):
                break
            at += 1
        cells[-1] = cells[-1].removesuffix("\r") if quoted is None else cells[-1]
        return cells

    def salvaged(self, line: str, *, is_cut: bool = False) -> list[str]:
        """What can be told of a line that is wrong, bad quotes as they stand.

        Args:
            is_cut: the line's end is missing, so that an open quote is none of its faults.
        """
        cells: list[str] = []
        at = 0
        while True:
            quoted = _QUOTED.match(line, at)
            if quoted is None and is_cut and line.startswith(QUOTE, at):
                return [*cells, line[at + 1 :]]
            piece = self._lax.match(line, at)
            end = piece.end() if piece else at
            is_right = quoted is not None and quoted.end() == end
            cells.append(quoted[1].replace('""', QUOTE) if quoted and is_right else line[at:end])
            if end >= len(line):
                return cells
            at = end + 1
