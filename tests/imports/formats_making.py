"""Files, and what reading them yields."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.imports.formats.format import Format, Limits
from app.imports.formats.reading import reader_of
from app.imports.formats.records import Record

BLOCKS = (1, 7, 1 << 16)
in_blocks = pytest.mark.parametrize("block", BLOCKS)


def blocks_of(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read(
    data: bytes | str, block: int = 1 << 16, limits: Limits | None = None, **written: Any
) -> tuple[list[str], list[Record]]:
    """The columns and the records of a file that comes in blocks of a size."""
    data = data.encode() if isinstance(data, str) else data
    reader = reader_of(Format.model_validate(written), limits=limits)
    records = [record for piece in blocks_of(data, block) for record in reader.feed(piece)]
    records += reader.finish()
    return reader.columns, records


def rows(data: bytes | str, block: int = 1 << 16, **others: Any) -> list[list[str]]:
    """The cells of a file without faults."""
    _, records = read(data, block, **others)
    assert [record.fault for record in records if record.fault] == []
    return [record.cells for record in records]


def codes(records: list[Record]) -> list[str | None]:
    """What is wrong with each record."""
    return [record.fault.code if record.fault else None for record in records]
