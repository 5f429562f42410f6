"""A file's rows become chunks: each of one lane, none longer than asked, neighbours together. Pure.

    row ─▶ its lane's chunk ── full ──▶ sealed
                            └─ segment full: every open chunk is sealed, the next one begins

A segment bounds the memory, and lets results be given back in the order of the file: its chunks
together hold neighbouring rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.imports.formats.records import PlainLines, Record
from app.imports.packing import PackedRows


@dataclass(frozen=True, slots=True)
class Sealed:
    """A chunk as it is kept."""

    number: int
    lane_id: UUID
    segment: int
    rows: int
    payload: bytes


@dataclass(slots=True)
class Cutter:
    """Sorts rows into chunks; `sealed` gathers those that are full, for the caller to take away."""

    chunk_rows: int
    segment_rows: int
    segment_bytes: int
    rows: int = 0
    chunks: int = 0
    sealed: list[Sealed] = field(default_factory=list)
    _segment: int = 0
    _in_segment: int = 0
    _bytes: int = 0
    _delimiter: str = ""
    _open: dict[UUID, PackedRows] = field(default_factory=dict)

    def add(self, lane_id: UUID, record: Record, *, number: int | None = None) -> None:
        """Take the next row; it keeps its number if it has one from another run."""
        self.rows += 1
        chunk = self._open.get(lane_id)
        if chunk is None:
            chunk = self._open[lane_id] = PackedRows()
        self._bytes += chunk.add(number or self.rows, record.line, record.cells, record.fault)
        if len(chunk) >= self.chunk_rows:
            self._seal(lane_id, self._open.pop(lane_id))
        self._in_segment += 1
        if self._in_segment >= self.segment_rows or self._bytes >= self.segment_bytes:
            self.end_segment()

    def add_plain(self, lanes: Sequence[UUID], lines: PlainLines) -> None:
        """Take the next rows, each into its lane."""
        self._delimiter = lines.delimiter
        # Calls, and writing fields, would take as long as all the rest.
        chunks, line, most = self._open, lines.line, self.chunk_rows
        in_segment, size = self._in_segment, self._bytes
        for number, (lane_id, text) in enumerate(
            zip(lanes, lines.texts, strict=True), self.rows + 1
        ):
            chunk = chunks.get(lane_id)
            if chunk is None:
                chunk = chunks[lane_id] = PackedRows()
            rows = chunk.rows
            rows.append((number, line, text))
            line += 1
            if len(rows) >= most:
                self._seal(lane_id, chunks.pop(lane_id))
            in_segment += 1
            size += len(text)
            if in_segment >= self.segment_rows or size >= self.segment_bytes:
                self.end_segment()
                in_segment = size = 0
        self.rows += len(lanes)
        self._in_segment, self._bytes = in_segment, size

    def end_segment(self) -> None:
        """Seal whatever is open; the last call after the last row."""
        for lane_id, chunk in self._open.items():
            self._seal(lane_id, chunk)
        self._open.clear()
        self._segment += 1
        self._in_segment = self._bytes = 0

    def take(self) -> list[Sealed]:
        """The chunks sealed since the last call."""
        taken, self.sealed = self.sealed, []
        return taken

    def _seal(self, lane_id: UUID, rows: PackedRows) -> None:
        sealed = Sealed(
            self.chunks, lane_id, self._segment, len(rows), rows.payload(self._delimiter)
        )
        self.sealed.append(sealed)
        self.chunks += 1
