"""The header has to tell the columns apart, or the file is refused."""

import pytest

from app.imports.formats.errors import (
    BadHeader,
    DuplicateColumn,
    EmptyFile,
    FileRefused,
    LongColumnName,
    TooManyColumns,
    UnnamedColumn,
)
from app.imports.formats.format import Limits
from tests.imports.formats_making import in_blocks, read


@in_blocks
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(block: int, data: bytes) -> None:
    with pytest.raises(EmptyFile):
        read(data, block)


@in_blocks
@pytest.mark.parametrize("data", ["a,b", "a,b\n", "a,b\r", '"a","b"\r\n', " a ,\tb\n\n"])
def test_a_header_alone_is_a_file_without_rows(block: int, data: str) -> None:
    assert read(data, block) == (["a", "b"], [])


@in_blocks
@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (
            "a,b,a\n1,2,3\n",
            DuplicateColumn,
            "Column 3 of the header has the same name as column 1.",
        ),
        ("a, a\n", DuplicateColumn, "Column 2 of the header has the same name as column 1."),
        ("a,,b\n", UnnamedColumn, "Column 2 of the header has no name."),
        ('a," "\n', UnnamedColumn, "Column 2 of the header has no name."),
        ("a,b,\n", UnnamedColumn, "Column 3 of the header has no name."),
        ("a,b,c,d,e\n", TooManyColumns, "The file has more than 4 columns."),
        (f"a,{'b' * 501}\n", LongColumnName, "Column 2 of the header has a name of more than 500"),
        ('a,"b\n1,2\n', BadHeader, "The header, on line 1, cannot be read: a quote is not closed"),
        ('"a"b\n1\n', BadHeader, "The header, on line 1, cannot be read: text stands behind"),
        ("\n\na,b\0\n", BadHeader, "The header, on line 3, cannot be read: it contains a NUL"),
        (f"a{'b' * 2000}\n", BadHeader, "The header, on line 1, cannot be read: it is larger"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    block: int, data: str, error: type[FileRefused], message: str
) -> None:
    with pytest.raises(error) as refused:
        read(data, block, Limits(max_record_bytes=1_000, max_columns=4))

    assert refused.value.message.startswith(message)


def test_a_header_in_another_encoding_is_refused() -> None:
    with pytest.raises(BadHeader, match="it is not UTF-8"):
        read("name,größe\n".encode("latin-1"))
