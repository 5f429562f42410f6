"""NDJSON: each line is an object, and a bad one fails alone."""

import pytest

from app.imports.formats.errors import EmptyFile, TooManyColumns
from app.imports.formats.format import Limits
from tests.imports.formats_making import codes, in_blocks, read


@in_blocks
def test_each_line_is_a_record(block: int) -> None:
    data = '\ufeff{"a": 1, "b": "é"}\n\n  \r\n{"c": null, "a": 2}\r\n{"a": "x\\ny"}'

    columns, records = read(data, block, type="ndjson")

    assert columns == ["a", "b", "c"]
    assert records == [
        (1, ['{"a": 1, "b": "é"}'], None),
        (4, ['{"c": null, "a": 2}'], None),
        (5, ['{"a": "x\\ny"}'], None),
    ]


@in_blocks
@pytest.mark.parametrize(
    ("line", "code", "detail"),
    [
        (b'{"a": 1', "json_invalid", "line 2: is not valid JSON"),
        (b'{"a": NaN}', "json_invalid", "line 2: is not valid JSON"),
        (b'{"a": 1e999}', "json_invalid", "line 2: is not valid JSON"),
        (b'{"a": ' + b"[" * 900_000, "json_invalid", "line 2: is not valid JSON"),
        (b"[1]", "not_an_object", "line 2: is not a JSON object"),
        (b"7", "not_an_object", "line 2: is not a JSON object"),
        (b'{"a": "\xff"}', "bad_encoding", "line 2: is not UTF-8"),
        (b'{"a": "\x00"}', "nul_character", "line 2: contains a NUL character"),
        (b'{"a": "' + b"x" * 2_000_000, "record_too_large", "line 2: is larger than 1048576 bytes"),
    ],
)
def test_a_bad_line_fails_alone(block: int, line: bytes, code: str, detail: str) -> None:
    _, records = read(b'{"a": 1}\n' + line + b'\n{"a": 2}\n', max(block, 7), type="ndjson")

    assert codes(records) == [None, code, None]
    assert records[1].fault == (code, None, detail)
    assert len(records[1].cells) == 1


def test_a_line_that_is_too_large_is_kept_in_part() -> None:
    _, records = read('{"a": 1}' + "x" * 5_000, 7, Limits(max_record_bytes=4_000), type="ndjson")

    assert [len(record.cells[0]) for record in records] == [1_000]


@in_blocks
@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(block: int, data: bytes) -> None:
    with pytest.raises(EmptyFile):
        read(data, block, type="ndjson")


def test_keys_without_end_are_refused() -> None:
    lines = "\n".join(f'{{"key{number}": 1}}' for number in range(1_001))

    with pytest.raises(TooManyColumns, match="more than 1000 columns"):
        read(lines, type="ndjson")
