"""Rows of a chunk come back as they went in, plain lines and others side by side."""

import zlib
from uuid import UUID

import msgpack
import pytest

from app.core.ids import uuid7
from app.imports.cutting import Cutter
from app.imports.formats.format import Format
from app.imports.formats.reading import reader_of
from app.imports.formats.records import PlainLines, Record, RowFault
from app.imports.packing import Rows, unpack_rows

_FAULT = RowFault("wrong_width", None, "line 9: has 1 cell, the header has 2")


def _cut(lanes: list[UUID], *, chunk_rows: int = 100, segment_rows: int = 1_000) -> list[Rows]:
    """Two plain lines, a record with a fault, one with line ends in it, two plain lines again."""
    cutter = Cutter(chunk_rows, segment_rows, 2**20)
    cutter.add_plain(lanes[:2], PlainLines(2, ["a;1", "b;2"], ";"))
    cutter.add(lanes[2], Record(4, ["c", ""], _FAULT))
    cutter.add(lanes[3], Record(5, ["d;\n", "4"]))
    cutter.add_plain(lanes[4:], PlainLines(7, ["e;5", ";"], ";"))
    cutter.end_segment()
    assert cutter.rows == 6
    return [unpack_rows(sealed.payload) for sealed in cutter.take()]


def _listed(rows: Rows) -> list[tuple[int, int, list[str]]]:
    return list(zip(rows.numbers, rows.lines, rows.cells, strict=True))


_ALL = [
    (1, 2, ["a", "1"]),
    (2, 3, ["b", "2"]),
    (3, 4, ["c", ""]),
    (4, 5, ["d;\n", "4"]),
    (5, 7, ["e", "5"]),
    (6, 8, ["", ""]),
]


def test_rows_of_both_kinds_keep_their_order() -> None:
    (rows,) = _cut([uuid7()] * 6)

    assert _listed(rows) == _ALL
    assert rows.faults == {2: _FAULT}


def test_each_lane_gets_its_own() -> None:
    one, other = uuid7(), uuid7()

    chunks = _cut([one, other, one, other, other, one])

    assert [_listed(rows) for rows in chunks] == [
        [_ALL[0], _ALL[2], _ALL[5]],
        [_ALL[1], _ALL[3], _ALL[4]],
    ]
    assert [rows.faults for rows in chunks] == [{1: _FAULT}, {}]


@pytest.mark.parametrize("limits", [{"chunk_rows": 2}, {"segment_rows": 2}])
def test_a_chunk_is_never_longer_than_it_may_be(limits: dict[str, int]) -> None:
    chunks = _cut([uuid7()] * 6, **limits)

    assert [_listed(rows) for rows in chunks] == [_ALL[:2], _ALL[2:4], _ALL[4:]]


def test_chunks_of_the_form_before_are_read() -> None:
    kept = [[(1, 2, ["a", "1"]), (3, 4, ["c", ""])], {1: list(_FAULT)}]

    rows = unpack_rows(zlib.compress(msgpack.packb(kept)))

    assert _listed(rows) == [_ALL[0], _ALL[2]]
    assert rows.faults == {1: _FAULT}


@pytest.mark.parametrize(
    ("block", "plain"),
    [
        (b"1,2\n3,4\n", 2),
        (b"1,2\r\n3,4\r\n", 2),
        (b'"1",2\n3,4\n', 0),
        (b"1,2\n\n3,4\n", 0),
        (b"1,2\n3,4,5\n", 0),
        (b"1,2\n3,\xff\n", 0),
        (b"1,2\n3,4\x00\n", 0),
    ],
)
def test_lines_are_plain_while_none_of_a_block_takes_care(block: bytes, plain: int) -> None:
    reader = reader_of(Format.model_validate("csv"))
    list(reader.portions(b"a,b\n0,0\n"))

    (found,) = reader.portions(block)
    (after,) = reader.portions(b"5,6\n")

    assert len(found) == 2
    assert isinstance(found, PlainLines) is bool(plain)
    assert next(iter(after)).line == (6 if b"\n\n" in block else 5)
