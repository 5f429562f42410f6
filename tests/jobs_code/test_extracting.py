"""Onto the disk: the same bytes, plain modes, all or nothing."""

import os
import stat
from pathlib import Path

import pytest

from app.core.files.errors import FilesUnavailable
from app.jobs.code.errors import ZipChanged, ZipTooLarge
from app.jobs.code.extracting import extract
from app.jobs.code.inspecting import Inspected, inspect_zip
from tests.jobs_code.small_disk import can_mount, on_a_small_disk
from tests.jobs_code.zips_making import MAIN, PLAN_BYTES, a_streamed_zip, a_zip, with_mode

FILES = {"lib/a.py": b"a = 1\n", "data/x/y/z.bin": os.urandom(200_000), "empty": b""}

_FULL = """
import os
from app.core.files.errors import StorageFull
from app.jobs.code.extracting import extract
from app.jobs.code.inspecting import inspect_zip
from tests.jobs_code.zips_making import a_zip

def unpacked(size):
    content = a_zip({"data": os.urandom(size)})
    extract(content, disk / "tree", inspect_zip(content, most_bytes=2**22))

try:
    unpacked(2**21)
except StorageFull:
    pass
else:
    raise SystemExit("there was room")
assert list(disk.iterdir()) == [], list(disk.iterdir())
unpacked(2**19)
assert (disk / "tree" / "data").stat().st_size == 2**19
"""


def inspected(content: bytes) -> Inspected:
    return inspect_zip(content, most_bytes=PLAN_BYTES)


def tree_of(folder: Path) -> dict[str, bytes | None]:
    """Every file with its content, every folder with None."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("make", [a_zip, a_streamed_zip])
def test_what_was_packed_is_there_again(tmp_path: Path, make: object) -> None:
    content = a_zip(FILES) if make is a_zip else a_streamed_zip({"main.py": MAIN, **FILES})
    (tmp_path / "code.zip").write_bytes(content)

    extract(content, tmp_path / "a", inspected(content))
    extract(tmp_path / "code.zip", tmp_path / "made" / "b", inspected(content))

    assert tree_of(tmp_path / "a") == tree_of(tmp_path / "made" / "b")
    assert tree_of(tmp_path / "a") == {
        "main.py": MAIN,
        **FILES,
        **dict.fromkeys(("lib", "data", "data/x", "data/x/y")),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "code.zip", "made"]


def test_modes_are_ours_whatever_the_zip_and_the_process_say(tmp_path: Path) -> None:
    content = with_mode(stat.S_IFREG | stat.S_ISUID | 0o777, name="folder/odd")
    before = os.umask(0o077)
    try:
        extract(content, tmp_path / "tree", inspected(content))
    finally:
        os.umask(before)

    found = [tmp_path / "tree", *(tmp_path / "tree").rglob("*")]
    assert {(path.is_dir(), oct(path.stat().st_mode & 0o7777)) for path in found} == {
        (True, "0o755"),
        (False, "0o644"),
    }


def test_another_zip_than_the_one_inspected_is_refused(tmp_path: Path) -> None:
    one, other = a_zip({"x": b"1"}), a_zip({"x": b"2"})

    with pytest.raises(ZipChanged):
        extract(other, tmp_path / "tree", inspected(one))
    with pytest.raises(ZipTooLarge):
        extract(one + b"more", tmp_path / "tree", inspected(one))
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("tree", "link"):
        with pytest.raises(FileExistsError):
            extract(a_zip(), tmp_path / name, inspected(a_zip()))

    assert list((tmp_path / "tree").iterdir()) == []
    assert not (tmp_path / "nowhere").exists()


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(FilesUnavailable):
        extract(a_zip(), tmp_path / "file" / "tree", inspected(a_zip()))


@pytest.mark.skipif(not can_mount(), reason="this host lets nobody mount a small disk")
def test_a_full_disk_is_said_to_be_full_and_nothing_is_left(tmp_path: Path) -> None:
    on_a_small_disk(_FULL, tmp_path)
