"""Encodings: a bad byte costs one row where that is possible, else the file."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.imports.formats.errors import NotInEncoding
from app.imports.formats.format import Format
from tests.imports.formats_making import codes, in_blocks, read, rows


@in_blocks
def test_bytes_that_are_not_utf_8_fail_their_row_and_name_the_column(block: int) -> None:
    data = "a,b\n1,é\n".encode() + b"2,x\xe9y\n" + "3,€\n".encode()

    _, records = read(data, block)

    assert codes(records) == [None, "bad_encoding", None]
    assert records[1] == (3, ["2", "x\ufffdy"], ("bad_encoding", "b", "line 3: is not UTF-8"))
    assert records[2].cells == ["3", "€"]


@in_blocks
def test_so_do_half_a_letter_at_the_end_and_an_encoded_surrogate(block: int) -> None:
    _, records = read(b'a,b\n"\xed\xa0\x80",1\n2,\xe2\x82', block)

    assert codes(records) == ["bad_encoding"] * 2
    assert [record.fault.column for record in records if record.fault] == ["a", "b"]
    assert "\ufffd".join(["", "", "", ""]) == records[0].cells[0]


@in_blocks
def test_a_nul_fails_its_row_and_names_the_column(block: int) -> None:
    _, records = read(b'a,b\n1,2\n"\x00",3\n4,5\n', block)

    assert codes(records) == [None, "nul_character", None]
    assert records[1].fault == ("nul_character", "a", "line 3: contains a NUL character")


@in_blocks
def test_a_bad_byte_in_row_700000_leaves_the_others_alone(block: int) -> None:
    lines = 700_000 if block > 7 else 700
    data = b"a,b\n" + b"1,2\n" * (lines - 1) + b"1,\xff\n" + b"1,2\n"

    _, records = read(data, block)

    assert len(records) == lines + 1
    assert [record.line for record in records if record.fault] == [lines + 1]


@in_blocks
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "cp1252", "latin-1", "iso8859-15"],
)
def test_letters_are_read_in_the_encoding_declared(block: int, encoding: str) -> None:
    data = 'naïve,b\nétude,"ü\nö"\n'.encode(encoding)

    columns, records = read(data, block, encoding=encoding)

    assert columns == ["naïve", "b"]
    assert [record.cells for record in records] == [["étude", "ü\nö"]]


@in_blocks
@pytest.mark.parametrize("encoding", ["shift_jis", "gb18030", "big5", "euc_jp"])
def test_so_are_those_whose_second_byte_looks_like_a_delimiter(block: int, encoding: str) -> None:
    letter = "".join(
        letter
        for letter in map(chr, range(0x4E00, 0x9FA5))
        if set(letter.encode(encoding, "ignore")[1:]) & set(b"|^`\\")
    )[:20]
    data = f"a|b\n{letter}|2\n".encode(encoding)

    assert rows(data, block, encoding=encoding, delimiter="pipe") == [[letter, "2"]]


@in_blocks
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_passed_over(block: int, encoding: str) -> None:
    columns, _ = read("\ufeffa,b\n1,2\n".encode(encoding), block, encoding=encoding)

    assert columns == ["a", "b"]


@in_blocks
def test_a_bad_byte_in_another_encoding_fails_its_row(block: int) -> None:
    _, records = read(b"a\n\x80\n\x81\n\xe9\n", block, encoding="cp1252")

    assert codes(records) == [None, "bad_encoding", None]
    assert records[1].fault is not None
    assert records[1].fault.detail == "line 3: is not CP1252"
    assert [records[0].cells, records[2].cells] == [["€"], ["é"]]


@in_blocks
@pytest.mark.parametrize("data", ["a\n1\n".encode("utf-16-le")[:-1], b"a\0\n\0\x00\xd8a\0"])
def test_where_nothing_behind_it_can_be_trusted_the_file_is_refused(
    block: int, data: bytes
) -> None:
    with pytest.raises(NotInEncoding) as refused:
        read(data, block, encoding="utf-16-le")

    assert refused.value.message.startswith("The file is not UTF-16-LE; it could be read up to")


@pytest.mark.parametrize(
    ("written", "name"),
    [("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("Latin1", "iso8859-1"), ("UTF_16", "utf-16")],
)
def test_an_encoding_has_one_name(written: str, name: str) -> None:
    assert Format.model_validate({"encoding": written}).encoding == name


@pytest.mark.parametrize(
    "encoding",
    ["nope", "hex", "bz2", "rot13", "idna", "undefined", "unicode_escape", "x\0", "é", "", 8, None],
)
def test_an_unknown_encoding_is_refused(encoding: Any) -> None:
    with pytest.raises(ValidationError):
        Format.model_validate({"encoding": encoding})
