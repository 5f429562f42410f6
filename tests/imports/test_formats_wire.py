"""What a sender may say of a file's format."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.faults import faults_of
from app.imports.formats.format import Compression, Delimiter, FileType, Format


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("csv", Format()),
        ("csv.gz", Format(compression=Compression.GZIP)),
        ("tsv", Format(delimiter=Delimiter.TAB)),
        ("ndjson", Format(type=FileType.NDJSON)),
        ("ndjson.gz", Format(type=FileType.NDJSON, compression=Compression.GZIP)),
    ],
)
def test_a_word_stands_for_a_format(short: str, expected: Format) -> None:
    assert Format.model_validate(short) == expected


def test_a_format_comes_back_as_it_was_kept() -> None:
    given = Format(delimiter=Delimiter.CARET, encoding="cp1252")

    assert Format.model_validate(given.model_dump(mode="json")) == given


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ("xlsx", "", "unknown_format"),
        ({"delimiter": ","}, "/delimiter", "enum"),
        ({"delimeter": "comma"}, "/delimeter", "extra_forbidden"),
        ({"encoding": "klingon"}, "/encoding", "unknown_encoding"),
        ({"encoding": 8}, "/encoding", "string_type"),
    ],
)
def test_another_is_refused_without_repeating_it(given: Any, pointer: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Format.model_validate(given)

    (fault,) = faults_of(refused.value.errors())
    assert (fault.pointer, fault.code) == (pointer, code)
    assert not any(word in fault.detail for word in ("xlsx", "klingon", "delimeter"))


def test_the_document_allows_both() -> None:
    schema = TypeAdapter(Format).json_schema()

    short, long = schema["anyOf"]
    assert "csv.gz" in short["enum"]
    assert set(long["properties"]) == {"type", "delimiter", "encoding", "compression"}
