r"""From what comes out of a pipe to lines of a log. Pure: bytes in, lines out.

    bytes ──▶ lines, of which no more is kept than will be shown ──▶ text: junk replaced, NUL gone
          ──▶ one of LS.log's? its own level and fields ──▶ covered ──▶ cut ──▶ counted ──▶ LogLine

LS.log writes to the same pipe as `print`, so that their order is the one in which they happened; a
line of it begins with the record separator and is JSON. Whoever prints such a line by hand has
written to their own log in another way, and nothing else.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from workers.sandbox.masking import Masker, clean

RECORD = "\x1e"
# Room for what LS.log wraps around a line: its fields, and the escapes of JSON.
_ROOM = 256 * 1024
_LINE_COST = 64
# Inside: `ls.py`.
_FIELDS_CUT = 64_000


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, as it may be shown: no value of a variable or secret is in it."""

    at: datetime
    level: Level
    text: str
    fields: Any = None


@dataclass(slots=True)
class Budget:
    """How much of a run's log is kept; standard output and standard error draw on the same."""

    most_bytes: int
    used_bytes: int = 0
    is_over: bool = False


@dataclass(slots=True)
class Lines:
    """One of the two pipes of a run."""

    level: Level
    masker: Masker
    budget: Budget
    line_bytes: int
    _rest: bytearray = field(default_factory=bytearray)
    _is_skipping: bool = False

    def feed(self, data: bytes) -> Iterator[LogLine]:
        """The lines that are complete now; what is not waits for the rest of it.

        Of a long line the beginning is kept, however much of it comes, and the rest thrown away.
        """
        start = 0
        while not self.budget.is_over:
            stop = data.find(b"\n", start)
            self._take(data[start : stop if stop >= 0 else len(data)])
            if stop < 0:
                return
            yield from self._line()
            start = stop + 1
        self._rest.clear()

    def close(self) -> Iterator[LogLine]:
        """The last line, if nothing ended it."""
        if self._rest and not self.budget.is_over:
            yield from self._line()

    def _take(self, piece: bytes) -> None:
        room = _ROOM + self.masker.longest * 4 - len(self._rest)
        self._is_skipping = self._is_skipping or len(piece) > room
        self._rest += piece[:room]

    def _line(self) -> Iterator[LogLine]:
        text = self._rest.decode(errors="replace").removesuffix("\r")
        self._rest.clear()
        was_long, self._is_skipping = self._is_skipping, False
        for line in self._read(text, was_long=was_long):
            self.budget.used_bytes += len(line.text) + _size(line.fields) + _LINE_COST
            if self.budget.used_bytes > self.budget.most_bytes:
                self.budget.is_over = True
                kept = f"{self.budget.most_bytes / 2**20:g} MiB"
                yield _said(Level.WARN, f"The log ends here: a run's log holds {kept} at most.")
                return
            yield line

    def _read(self, text: str, *, was_long: bool) -> Iterator[LogLine]:
        """What was printed, and what LS.log wrote behind it, where no line's end came between."""
        printed, mark, written = text.partition(RECORD)
        record = _record(written) if mark else None
        if record is None:
            yield _said(self.level, self._shown(text, was_long=was_long))
            return
        if printed:
            yield _said(self.level, self._shown(printed))
        level, message, fields = record
        yield _said(level, self._shown(message), self._fields(fields))

    def _fields(self, fields: Any) -> Any:
        """Large ones come as a text, cut where it may be in the middle of a value."""
        if isinstance(fields, str) and len(fields) >= _FIELDS_CUT:
            return self.masker.masked_piece(clean(fields), behind=True)
        return self.masker.masked_json(fields)

    def _shown(self, text: str, *, was_long: bool = False) -> str:
        """Covered first and cut then, so that no half of a value is left at the cut."""
        text = clean(text)
        shown = self.masker.masked(text, most=self.line_bytes)
        return f"{shown} … (cut)" if was_long or len(text) > self.line_bytes else shown


def _record(text: str) -> tuple[Level, str, Any] | None:
    try:
        record = json.loads(text)
        level, message, fields = record["level"], record["message"], record.get("fields")
        return Level(level), str(message), fields
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _said(level: Level, text: str, fields: Any = None) -> LogLine:
    return LogLine(datetime.now(UTC), level, text, fields)


def _size(fields: Any) -> int:
    return 0 if fields is None else len(json.dumps(fields, ensure_ascii=False))
