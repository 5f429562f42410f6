"""How the rows of a chunk, and what became of each, lie in its two columns. Pure.

payload   [rows' numbers, rows' lines, rows' cells, faults found while reading]
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
    """Rows on their way into a chunk, each packed as it comes: a fifth of what lists would take."""

    _rows: list[bytes] = field(default_factory=list)
    _faults: dict[int, RowFault] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, number: int, line: int, cells: list[str], fault: RowFault | None) -> int:
        """Append one; returns the bytes it takes."""
        if fault is not None:
            self._faults[len(self._rows)] = fault
        packed: bytes = _pack_row((number, line, cells))
        self._rows.append(packed)
        return len(packed)

    def payload(self) -> bytes:
        """The chunk's rows as they are kept."""
        packer = msgpack.Packer(use_bin_type=True)
        faults = {position: list(fault) for position, fault in self._faults.items()}
        outer, inner = packer.pack_array_header(2), packer.pack_array_header(len(self._rows))
        whole = b"".join([outer, inner, *self._rows, packer.pack(faults)])
        return isal_zlib.compress(whole, _LEVEL)


def unpack_rows(payload: bytes) -> Rows:
    """Rows as they came."""
    rows, faults = _unpack(payload)
    numbers, lines, cells = (list(column) for column in zip(*rows, strict=True))
    return Rows(numbers, lines, cells, {at: RowFault(*fault) for at, fault in faults.items()})


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
