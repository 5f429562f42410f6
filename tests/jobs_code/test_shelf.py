"""Folders kept ready: filled once, held while in use, the least recently used go first."""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs.code.shelf import Shelf
from tests.jobs_code.small_disk import can_mount, on_a_small_disk

ROOT = Path(__file__).parents[2]
_HOLDING = """
import asyncio, os, sys
from pathlib import Path
from app.jobs.code.shelf import Shelf

async def fill(tree):
    with open(sys.argv[3], "a") as filled:
        filled.write("x")
    tree.mkdir()
    for number in range(300):
        (tree / str(number)).write_text("content")

async def main():
    async with Shelf(Path(sys.argv[1]), most_bytes=10**9).tree(sys.argv[2], fill) as tree:
        print(sum(path.read_text() == "content" for path in tree.iterdir()), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
_FULL = """
import asyncio
from app.core.files.errors import StorageFull
from app.core.files.local import in_thread
from app.jobs.code.shelf import Shelf

async def fill(tree):
    await in_thread(tree.mkdir)
    await in_thread((tree / "large").write_bytes, bytes(2**21))

async def main():
    try:
        async with Shelf(disk / "shelf", most_bytes=10**9).tree("a" * 64, fill):
            raise SystemExit("there was room")
    except StorageFull:
        assert list((disk / "shelf").iterdir()) == []

asyncio.run(main())
"""


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def with_file(tree: Path, name: str, size: int) -> None:
    tree.mkdir()
    (tree / name).write_bytes(bytes(size))


class Filled:
    """Fills a folder with so many bytes, and counts how often it had to."""

    def __init__(self, size: int = 100) -> None:
        self.size = size
        self.times = 0

    async def __call__(self, tree: Path) -> None:
        self.times += 1
        await asyncio.sleep(0)
        with_file(tree, "content", self.size)


@contextlib.contextmanager
def holding(folder: Path, name: str, filled: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that asks for a folder and holds it until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDING, str(folder), key(name), str(filled)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        yield process


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_it_is_filled_once_and_found_again(tmp_path: Path) -> None:
    shelf, filled = Shelf(tmp_path, most_bytes=1_000), Filled()

    for _ in range(3):
        async with shelf.tree(key("a"), filled) as tree:
            assert (tree / "content").read_bytes() == bytes(100)

    assert filled.times == 1
    assert names_in(tmp_path) == {key("a")}


async def test_many_at_once_fill_it_once(tmp_path: Path) -> None:
    shelf, filled = Shelf(tmp_path, most_bytes=1_000), Filled()

    async def use() -> int:
        async with shelf.tree(key("a"), filled) as tree:
            return (tree / "content").stat().st_size

    assert await asyncio.gather(*(use() for _ in range(20))) == [100] * 20
    assert filled.times == 1


def test_processes_at_once_fill_it_once_and_each_sees_all_of_it(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(holding(tmp_path / "shelf", "a", tmp_path / "filled"))
            for _ in range(3)
        ]
        assert [said(process) for process in processes] == ["300"] * 3

    assert (tmp_path / "filled").read_text() == "x"
    assert names_in(tmp_path / "shelf") == {key("a")}


async def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    shelf, filled = Shelf(tmp_path, most_bytes=250), Filled()
    for age, name in enumerate(("a", "b")):
        async with shelf.tree(key(name), filled):
            pass
        os.utime(tmp_path / key(name), (1_000 + age, 1_000 + age))
    async with shelf.tree(key("a"), filled):
        pass

    async with shelf.tree(key("c"), filled):
        pass

    assert names_in(tmp_path) == {key("a"), key("c")}


async def test_what_is_held_stays_whoever_holds_it_until_they_die(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", most_bytes=10)
    with holding(tmp_path / "shelf", "a", tmp_path / "filled") as process:
        assert said(process) == "300"
        async with shelf.tree(key("b"), Filled()), shelf.tree(key("c"), Filled()):
            assert len(names_in(tmp_path / "shelf")) == 3
        process.send_signal(signal.SIGKILL)
        process.wait()
        async with shelf.tree(key("d"), Filled()) as tree:
            assert (tree / "content").exists()

    assert names_in(tmp_path / "shelf") == {key("d")}


async def test_cancelled_in_the_middle_nothing_is_left_and_the_next_one_fills_it(
    tmp_path: Path,
) -> None:
    shelf, begun = Shelf(tmp_path, most_bytes=1_000), asyncio.Event()

    async def endless(tree: Path) -> None:
        with_file(tree, "half", 50)
        begun.set()
        await asyncio.Event().wait()

    async def use() -> None:
        async with shelf.tree(key("a"), endless):
            raise AssertionError

    using = asyncio.create_task(use())
    await begun.wait()
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using

    assert names_in(tmp_path) == set()
    async with shelf.tree(key("a"), Filled()) as tree:
        assert names_in(tree) == {"content"}


async def test_what_was_made_before_the_machine_started_is_made_again(tmp_path: Path) -> None:
    """Nothing was flushed: after a loss of power, files may be empty."""
    shelf, filled = Shelf(tmp_path, most_bytes=1_000), Filled()
    async with shelf.tree(key("a"), filled):
        pass
    for left in ("another-start 100", ""):
        (tmp_path / key("a") / "made").write_text(left)
        async with shelf.tree(key("a"), filled) as tree:
            assert (tree / "content").exists()

    assert filled.times == 3
    assert names_in(tmp_path) == {key("a")}


async def test_drafts_that_a_dead_process_left_go_once_they_are_old(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, most_bytes=1_000)
    for name, time in ((".draft-old", 1_000), (".draft-new", None)):
        (tmp_path / name / "tree").mkdir(parents=True)
        if time:
            os.utime(tmp_path / name, (time, time))

    async with shelf.tree(key("a"), Filled()):
        pass

    assert names_in(tmp_path) == {key("a"), ".draft-new"}


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 63, "A" * 64, "a" * 64 + "\n"])
async def test_only_digests_are_keys(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        async with Shelf(tmp_path, most_bytes=1).tree(name, Filled()):
            raise AssertionError


@pytest.mark.skipif(not can_mount(), reason="this host lets nobody mount a small disk")
def test_a_full_disk_is_said_to_be_full_and_nothing_is_left(tmp_path: Path) -> None:
    on_a_small_disk(_FULL, tmp_path)
