"""How the rows of a chunk, and what became of each, lie in its two columns. Pure.

payload   [rows' numbers, rows' lines, delimiter, plain lines as one text, cells of the others,
           faults found while reading]; the last two by the row's position
results   one for each row that is done: [outcome, response or person, word, column, sentence]
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgpack
from isal import isal_zlib

from app.imports.formats.records import RowFault

# Rows of one campaign resemble each other: a quick level shrinks them to a quarter. The format is
# zlib's, which takes five times as long, and all of that before the first row can be taken in.
_LEVEL = 1
_PARTS = 6
# One packer for all rows: making one takes as long as packing with it.
_pack_row = msgpack.Packer(use_bin_type=True).pack


class RowOutcome(StrEnum):
    """What became of a row. The first five are `successful`, the last is `failed`."""

    CREATED = "created"
    UPDATED = "updated"
    REPEAT = "repeat"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def is_success(self) -> bool:
        """Counted as succeeded; duplicates and skipped rows are counted as skipped."""
        return self in (RowOutcome.CREATED, RowOutcome.UPDATED, RowOutcome.REPEAT)


_OUTCOMES = list(RowOutcome)


class RowResult(NamedTuple):
    """The end of one row: of a failed one what is wrong, of a skipped one the reason."""

    outcome: RowOutcome
    subject_id: UUID | None = None
    reason: str | None = None
    column: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a file: numbers from 1 without the header, lines from 1 with it."""

    numbers: list[int]
    lines: list[int]
    cells: list[list[str]]
    faults: dict[int, RowFault]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(slots=True)
class PackedRows:
    """Rows of one file on their way into a chunk.

    `rows` are (number, line, text), appended to by whoever has plain lines; of other rows the text
    is empty, and their cells are packed beside.
    """

    rows: list[tuple[int, int, str]] = field(default_factory=list)
    # By position.
    _cells: dict[int, bytes] = field(default_factory=dict)
    _faults: dict[int, RowFault] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, number: int, line: int, cells: list[str], fault: RowFault | None) -> int:
        """Append a row that is not plain; returns the bytes it takes."""
        at = len(self.rows)
        if fault is not None:
            self._faults[at] = fault
        packed: bytes = _pack_row(cells)
        self._cells[at] = packed
        self.rows.append((number, line, ""))
        return len(packed)

    def payload(self, delimiter: str) -> bytes:
        """The chunk's rows as they are kept; the delimiter takes plain lines apart."""
        packer = msgpack.Packer(use_bin_type=True)
        numbers, lines, texts = zip(*self.rows, strict=True)
        parts = [packer.pack_array_header(_PARTS)]
        parts += map(packer.pack, (numbers, lines, delimiter, "\n".join(texts)))
        parts.append(packer.pack_map_header(len(self._cells)))
        for at, packed in self._cells.items():
            parts += [packer.pack(at), packed]
        parts.append(packer.pack({at: list(fault) for at, fault in self._faults.items()}))
        return isal_zlib.compress(b"".join(parts), _LEVEL)


def unpack_rows(payload: bytes) -> Rows:
    """Rows as they came."""
    parts = _unpack(payload)
    if len(parts) != _PARTS:
        return _unpack_tuples(*parts)
    numbers, lines, delimiter, texts, kept, faults = parts
    cells = texts.split("\n")
    if len(kept) < len(numbers):
        cells = [text.split(delimiter) for text in cells]
    for at, others in kept.items():
        cells[at] = others
    return Rows(numbers, lines, cells, _faults_of(faults))


def _unpack_tuples(rows: list[Any], faults: dict[int, Any]) -> Rows:
    """Rows as they were packed before plain lines were kept as they are."""
    numbers, lines, cells = (list(column) for column in zip(*rows, strict=True))
    return Rows(numbers, lines, cells, _faults_of(faults))


def _faults_of(kept: dict[int, Any]) -> dict[int, RowFault]:
    return {at: RowFault(*fault) for at, fault in kept.items()}


def pack_results(results: list[RowResult]) -> bytes:
    """Results as they are kept, in the order of the chunk's rows."""
    return _pack(
        [
            [
                _OUTCOMES.index(result.outcome),
                result.subject_id.bytes if result.subject_id else None,
                *result[2:],
            ]
            for result in results
        ]
    )


def unpack_results(kept: bytes | None) -> list[RowResult]:
    """Results of the rows that are done; the chunk may hold more rows than these."""
    if kept is None:
        return []
    return [
        RowResult(_OUTCOMES[outcome], UUID(bytes=subject) if subject else None, *rest)
        for outcome, subject, *rest in _unpack(kept)
    ]


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return isal_zlib.compress(packed, _LEVEL)


def _unpack(packed: bytes) -> list[Any]:
    value: list[Any] = msgpack.unpackb(
        isal_zlib.decompress(packed), raw=False, strict_map_key=False
    )
    return value
