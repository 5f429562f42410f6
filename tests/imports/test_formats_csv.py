"""A CSV file yields its rows, however it is cut into blocks."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.imports.formats.format import Delimiter
from tests.imports.formats_making import codes, in_blocks, read, rows

_LETTERS = st.text(
    st.sampled_from("ab ,;\t|^`\"\n\r'é€😀\x0b\x1c\x85\u2028")
    | st.characters(exclude_categories=["Cs"]),
    max_size=8,
).filter(lambda text: "\x00" not in text)


@st.composite
def _tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(_LETTERS, min_size=width, max_size=width), max_size=6))


@in_blocks
@given(
    table=_tables(),
    delimiter=st.sampled_from(list(Delimiter)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\r\n", "\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"]),
)
@example(
    table=[['a"b', "\r\n", ""]],
    delimiter=Delimiter.TAB,
    quoting=csv.QUOTE_ALL,
    end="\n",
    encoding="utf-16",
)
@settings(max_examples=150, deadline=None)
def test_what_python_writes_is_read_as_python_reads_it(
    block: int, table: list[list[str]], delimiter: Delimiter, quoting: int, end: str, encoding: str
) -> None:
    if end == "\n" and quoting == csv.QUOTE_MINIMAL:
        # Python's writer leaves a lone CR unquoted here, and its reader refuses it.
        table = [[cell.replace("\r", "") for cell in row] for row in table]
    width = len(table[0]) if table else 1
    written = io.StringIO(newline="")
    character = delimiter.character
    writer = csv.writer(written, delimiter=character, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]  # one of the module's own
    writer.writerows([[f"column {number}" for number in range(width)], *table])
    expected = list(csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=character))

    data = written.getvalue().encode(encoding)
    columns, records = read(data, block, delimiter=delimiter.value, encoding=encoding)

    assert [columns, *(record.cells for record in records)] == [row for row in expected if row]
    assert not any(codes(records))


@in_blocks
def test_a_record_knows_the_line_it_begins_on(block: int) -> None:
    _, records = read('a,b\r\n1,"x\r\ny\r\n"\r\n\r\n2,z\r\n', block)

    assert [(record.line, record.cells) for record in records] == [
        (2, ["1", "x\r\ny\r\n"]),
        (6, ["2", "z"]),
    ]


@in_blocks
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(block: int, end: str) -> None:
    assert rows(end.join(["a,b", "1,2", '"3",4', ""]), block) == [["1", "2"], ["3", "4"]]


@in_blocks
def test_the_last_line_needs_no_end(block: int) -> None:
    assert rows('a,b\n1,2\n3,"4"', block) == [["1", "2"], ["3", "4"]]


@in_blocks
def test_blank_lines_are_no_rows(block: int) -> None:
    assert rows("\n\r\na\n\n1\n\r\n2\n\n", block) == [["1"], ["2"]]


@in_blocks
def test_a_cr_within_a_line_is_a_letter(block: int) -> None:
    assert rows('a,b\n1\r2,3\n4\r,"5"\n', block) == [["1\r2", "3"], ["4\r", "5"]]


@in_blocks
def test_a_quote_within_a_cell_is_a_letter(block: int) -> None:
    assert rows('a,b\n5" nail,6"\n x,"y"\n', block) == [['5" nail', '6"'], [" x", "y"]]


def test_a_cell_beyond_the_limit_of_pythons_own_reader_is_read() -> None:
    long = "x" * 200_000

    assert rows(f'a,b\n"{long}","y\nz"\n"{long}",2\n') == [[long, "y\nz"], [long, "2"]]


@in_blocks
@pytest.mark.parametrize(
    ("line", "detail", "cells"),
    [
        ("1", "line 2: has 1 cell, the header has 2", ["1", ""]),
        ("1,2,3", "line 2: has 3 cells, the header has 2", ["1", "2,3"]),
        ('1,"2",3,4', "line 2: has 4 cells, the header has 2", ["1", "2,3,4"]),
    ],
)
def test_a_row_of_another_width_fails_alone(
    block: int, line: str, detail: str, cells: list[str]
) -> None:
    _, records = read(f"a,b\n{line}\n8,9\n", block)

    assert codes(records) == ["wrong_width", None]
    assert records[0].fault is not None
    assert records[0].fault.detail == detail
    assert records[0].cells == cells
