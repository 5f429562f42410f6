"""Lines of a log, packed into the payload of a chunk and back. Pure.

A million lines are a thousand rows: a row for each line took ten times the room and the time.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

# Of one chunk, at most; more waits for the next.
MOST_LINES = 1_000
# What a line counts beside its text; see `workers.sandbox.lines`.
LINE_COST = 64
_FASTEST = 1


class Level(StrEnum):
    """How grave a line is, from the least to the most."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"

    @property
    def bit(self) -> int:
        return 1 << _ORDER.index(self)

    @property
    def and_above(self) -> int:
        """The bits of this level and of all that are graver."""
        return sum(level.bit for level in _ORDER[_ORDER.index(self) :])


_ORDER = list(Level)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when it was written, of which attempt, what it says, what was logged with it."""

    at: datetime
    level: Level
    text: str
    attempt: int = 0
    fields: Any = None

    @property
    def size_bytes(self) -> int:
        """What it counts of the room of a log."""
        fields = "" if self.fields is None else json.dumps(self.fields, ensure_ascii=False)
        return len(self.text) + len(fields) + LINE_COST


@dataclass(frozen=True, slots=True)
class Packed:
    """A chunk as it is stored."""

    lines: int
    levels: int
    size_bytes: int
    payload: bytes


def pack(lines: Sequence[Line]) -> Packed:
    """Pack lines; takes a few milliseconds for a thousand."""
    rows = [
        [line.at.isoformat(), line.level.value, line.text, line.attempt, line.fields]
        for line in lines
    ]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    levels = 0
    for line in lines:
        levels |= line.level.bit
    size = sum(line.size_bytes for line in lines)
    return Packed(len(lines), levels, size, zlib.compress(text.encode(), _FASTEST))


def unpack(payload: bytes) -> Iterator[Line]:
    """The lines of a chunk, in their order."""
    for at, level, text, attempt, fields in json.loads(zlib.decompress(payload)):
        yield Line(datetime.fromisoformat(at), Level(level), text, attempt, fields)
