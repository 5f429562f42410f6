"""What every store does, whichever it is."""

import os
from collections.abc import AsyncIterator

import pytest

from app.core.files.errors import FileGone
from app.core.files.opening import MARKER, is_readable, mark
from app.core.files.store import BLOCK_BYTES, FileStore
from tests.files.making import content, whole


async def test_what_was_written_is_read_back(store: FileStore) -> None:
    written = await store.write("a/b/one", content(b"some ", b"", b"bytes"))

    assert written == await store.size("a/b/one") == 10
    assert await whole(store, "a/b/one") == b"some bytes"
    assert await whole(store, "a/b/one", start=5) == b"bytes"
    assert await whole(store, "a/b/one", start=10) == b""


async def test_a_large_file_comes_in_blocks(store: FileStore) -> None:
    chunks = [os.urandom(100_000) for _ in range(180)]

    assert await store.write("large", content(*chunks)) == 18_000_000
    blocks = [block async for block in store.read("large")]
    assert b"".join(blocks) == b"".join(chunks)
    assert max(map(len, blocks)) < 8 * BLOCK_BYTES


async def test_an_empty_file_is_a_file(store: FileStore) -> None:
    assert await store.write("empty", content()) == 0
    assert await store.exists("empty")
    assert await whole(store, "empty") == b""


async def test_writing_again_replaces(store: FileStore) -> None:
    await store.write("one", content(b"long before"))
    await store.write("one", content(b"now"))

    assert await whole(store, "one") == b"now"


@pytest.mark.parametrize("size", [3, 20_000_000])
async def test_a_writer_that_stops_leaves_nothing(store: FileStore, size: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(0, size, 1_000_000):
            yield bytes(min(size, 1_000_000))
        raise LookupError("the sender has gone")

    with pytest.raises(LookupError, match="the sender has gone"):
        await store.write("half", broken())

    assert not await store.exists("half")


async def test_what_is_not_there_is_gone(store: FileStore) -> None:
    with pytest.raises(FileGone):
        await store.size("none")
    with pytest.raises(FileGone):
        await whole(store, "none")
    with pytest.raises(FileGone):
        await whole(store, "none", start=5)


async def test_deleting_may_be_repeated(store: FileStore) -> None:
    await store.write("a/one", content(b"1"))
    await store.write("a/two", content(b"2"))

    for _ in range(2):
        await store.delete("a/one")

    assert not await store.exists("a/one")
    assert await whole(store, "a/two") == b"2"


async def test_a_folder_goes_as_a_whole_and_nothing_beside_it(store: FileStore) -> None:
    for name in ("a/b/one", "a/b/c/two", "a/bb/three"):
        await store.write(name, content(b"x"))

    for _ in range(2):
        await store.delete_folder("a/b")

    assert [await store.exists(n) for n in ("a/b/one", "a/b/c/two", "a/bb/three")] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../../up", "a//b", "./a"])
async def test_a_name_stays_inside(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        await store.write(name, content(b"x"))


async def test_who_reads_the_marker_has_the_same_store(store: FileStore) -> None:
    assert not await is_readable(store)
    await mark(store)
    assert await is_readable(store)
    assert await store.exists(MARKER)
