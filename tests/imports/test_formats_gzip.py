"""Compressed files: recognised, unpacked step by step, and given up when they are bombs."""

import gzip
import tracemalloc

import pytest

from app.imports.formats.errors import (
    CorruptGzip,
    FileRefused,
    NotGzip,
    TruncatedGzip,
    UnpacksTooFar,
    UnpacksTooLarge,
)
from app.imports.formats.format import Format, Limits
from app.imports.formats.reading import reader_of
from tests.imports.formats_making import in_blocks, read, rows

DATA = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7) for number in range(500))
# Without a time: names of tests are made of it, and every process has to make the same.
PACKED = gzip.compress(DATA, mtime=0)
EXPECTED = [[str(number), str(number * 7)] for number in range(500)]


@in_blocks
@pytest.mark.parametrize("compression", ["auto", "gzip"])
def test_a_packed_file_is_read(block: int, compression: str) -> None:
    assert rows(PACKED, block, compression=compression) == EXPECTED


@in_blocks
@pytest.mark.parametrize("compression", ["auto", "none"])
def test_a_plain_file_is_read(block: int, compression: str) -> None:
    assert rows(DATA, block, compression=compression) == EXPECTED


@in_blocks
def test_members_follow_each_other_and_zeros_may_fill_up(block: int) -> None:
    packed = gzip.compress(DATA[:700]) + b"\0" * 9 + gzip.compress(DATA[700:]) + b"\0" * 512

    assert rows(packed, block) == EXPECTED


@in_blocks
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (DATA, NotGzip),
        (b"a", NotGzip),
        (b"PK\x03\x04", NotGzip),
        (PACKED[:-1], TruncatedGzip),
        (PACKED[:20], TruncatedGzip),
        (PACKED[:2], TruncatedGzip),
        (PACKED[:60] + bytes([PACKED[60] ^ 255]) + PACKED[61:], CorruptGzip),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], CorruptGzip),
        (PACKED + b"rubbish", CorruptGzip),
    ],
)
def test_a_file_that_is_not_what_it_is_said_to_be_is_refused(
    block: int, data: bytes, error: type[FileRefused]
) -> None:
    with pytest.raises(error):
        read(data, block, compression="gzip")


@in_blocks
def test_a_bomb_is_refused_by_its_size(block: int) -> None:
    bomb = gzip.compress(b"a\n" + b"x" * 1_000_000)

    with pytest.raises(UnpacksTooLarge, match="more than 100000 bytes"):
        read(bomb, block, Limits(max_unpacked_bytes=100_000))


@in_blocks
def test_a_bomb_is_refused_by_how_far_it_grows(block: int) -> None:
    bomb = gzip.compress(b"a\n" + b"x" * 1_000_000)

    with pytest.raises(UnpacksTooFar, match="more than 200 times"):
        read(bomb, block, Limits(ratio_from_bytes=100_000))


def test_a_small_regular_file_may_grow_as_far_as_it_likes() -> None:
    assert len(rows(gzip.compress(b"a\n" + b"1\n" * 100_000))) == 100_000


def test_one_block_of_a_bomb_never_unfolds_at_once() -> None:
    bomb = gzip.compress(b"a\n" + b"x" * 50_000_000)
    assert len(bomb) < 1 << 16
    reader = reader_of(Format())

    tracemalloc.start()
    records = [record for portion in reader.portions(bomb) for record in portion]
    records += reader.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [record.fault.code for record in records if record.fault] == ["record_too_large"]
    assert peak < 10_000_000


def test_the_records_of_a_block_come_in_portions() -> None:
    packed = gzip.compress(b"a\n" + b"1\n" * 1_000_000)
    reader = reader_of(Format())

    portions = [len(portion) for portion in reader.portions(packed)]

    assert sum(portions) == 1_000_000
    assert max(portions) <= 1 << 17


def test_a_step_that_ends_with_the_block_loses_nothing() -> None:
    """Sizes around a whole step, where the last bytes wait inside the decompressor."""
    for size in range((1 << 18) - 3, (1 << 18) + 3):
        data = b"a\n" + b"x" * (size - 2)
        for block in (1, 1 << 16):
            assert rows(gzip.compress(data), block) == [["x" * (size - 2)]]
