"""A quote that goes wrong costs one row, and not those behind it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports.formats.format import Limits
from app.imports.formats.records import Record
from tests.imports.formats_making import codes, in_blocks, read


def _details(records: list[Record]) -> list[str]:
    return [record.fault.detail for record in records if record.fault]


@in_blocks
def test_text_behind_a_closing_quote_fails_its_row(block: int) -> None:
    _, records = read('a,b\n"1" x,2\n3,4\n', block)

    assert codes(records) == ["bad_quotes", None]
    assert _details(records) == ["line 2: text stands behind a closing quote"]
    assert records[0].cells == ['"1" x', "2"]


@in_blocks
def test_a_quote_without_end_on_the_last_line_fails_its_row(block: int) -> None:
    _, records = read('a,b\n1,2\n3,"4', block)

    assert codes(records) == [None, "unterminated_quote"]
    assert _details(records) == ["line 3: a quote is not closed before the file ends"]
    assert records[1].cells == ["3", '"4']


@in_blocks
def test_a_stray_quote_does_not_swallow_the_lines_behind_it(block: int) -> None:
    _, records = read('a,b\n1,"2\n3,4\n5,6\n', block)

    assert codes(records) == ["unterminated_quote", None, None]
    assert [record.line for record in records] == [2, 3, 4]


@in_blocks
def test_nor_where_a_later_cell_has_quotes(block: int) -> None:
    _, records = read('a,b\n1,"2\n3,4\n5,"6"\n7,8\n', block)

    assert codes(records) == ["bad_quotes", None, None, None]
    assert _details(records) == ["line 2: text stands behind its closing quote on line 4"]
    assert [record.cells for record in records[1:]] == [["3", "4"], ["5", "6"], ["7", "8"]]


@in_blocks
def test_a_quote_is_given_up_at_the_limit(block: int) -> None:
    limits = Limits(max_record_bytes=100)
    data = 'a,b\n1,"2\n' + "3,4\n" * 40 + '5,"6\n7"\n'

    _, records = read(data, block, limits)

    assert codes(records) == ["unterminated_quote", *[None] * 41]
    assert _details(records) == ["line 2: a quote is not closed within 100 bytes"]
    assert (records[-1].line, records[-1].cells) == (43, ["5", "6\n7"])


@in_blocks
def test_a_long_record_right_behind_a_failed_one_is_read(block: int) -> None:
    _, records = read('a,b\n1,"2\n3,"4\n5"\n6,7\n', block)

    assert codes(records) == ["bad_quotes", None, None]
    assert [record.cells for record in records[1:]] == [["3", "4\n5"], ["6", "7"]]


def test_a_file_made_to_be_looked_through_again_and_again_is_not() -> None:
    """Every line opens a quote, and read from an open quote every line leaves one open.

    To look through to the limit for each of them would take an hour.
    """
    data = "a,b\n" + 'x",",y\n' * 100_000

    _, records = read(data)

    assert codes(records) == ["unterminated_quote"] * 100_000


@given(text=st.text(st.sampled_from('ab,"\n\r'), max_size=60), block=st.integers(1, 8))
@settings(max_examples=300, deadline=None)
def test_blocks_make_no_difference_whatever_the_file(text: str, block: int) -> None:
    limits = Limits(max_record_bytes=24)
    data = f"h,i\n{text}"

    whole = read(data, len(data), limits)

    assert read(data, block, limits) == whole
    assert all(len(record.cells) == 2 for record in whole[1])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@in_blocks
def test_a_closing_quote_may_stand_before_any_line_end(block: int, end: str) -> None:
    _, records = read(f'a,b{end}1,"2{end}3"{end}4,5{end}', block)

    assert [record.cells for record in records] == [["1", f"2{end}3"], ["4", "5"]]
