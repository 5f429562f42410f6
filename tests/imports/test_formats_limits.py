"""A record that is too large fails alone, and its size never fills the memory."""

import tracemalloc

import pytest

from app.imports.formats.format import Format, Limits
from app.imports.formats.reading import reader_of
from tests.imports.formats_making import codes, in_blocks, read

SMALL = Limits(max_record_bytes=4_000)


@in_blocks
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_record_that_is_too_large_fails_alone(block: int, quote: str) -> None:
    data = f"a,b\n1,2\n{quote}{'x' * 5_000}{quote},y\n3,4\n"

    _, records = read(data, block, SMALL)

    assert codes(records) == [None, "record_too_large", None]
    assert records[1].fault is not None
    assert records[1].fault.detail == "line 3: is larger than 4000 bytes"
    assert records[1].cells == ["x" * 1_000, ""]
    assert records[2] == (4, ["3", "4"], None)


@in_blocks
def test_size_is_counted_in_bytes(block: int) -> None:
    _, records = read(f"a\n{'é' * 1_999}\n{'é' * 2_001}\n", block, SMALL)

    assert codes(records) == [None, "record_too_large"]


@in_blocks
def test_so_is_that_of_a_record_of_many_lines(block: int) -> None:
    _, records = read('a\n"' + "éé\n" * 900 + '"\n"' + "é\n" * 1_330 + '"\nx\n', block, SMALL)

    assert codes(records) == ["record_too_large", None, None]


@in_blocks
def test_the_last_record_may_be_too_large_as_well(block: int) -> None:
    _, records = read("a,b\n1,2\n" + "x" * 5_000, block, SMALL)

    assert codes(records) == [None, "record_too_large"]


@pytest.mark.parametrize(
    "line", [b"x" * 10_000_000, b'"' + b"x" * 10_000_000, b'"' + (b"x" * 1_999 + b"\n") * 5_000]
)
def test_a_cell_of_ten_megabytes_takes_little_memory(line: bytes) -> None:
    reader = reader_of(Format())
    reader.feed(b"a,b\n")
    block = 1 << 16
    pieces = [line[at : at + block] for at in range(0, len(line), block)]

    tracemalloc.start()
    bad = 0
    for piece in [*pieces, b"\n1,2\n"]:
        bad += sum(record.fault is not None for record in reader.feed(piece))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert bad >= 1
    assert reader.finish() == []
    assert peak < 10_000_000
