"""A folder on a disk: full, unusable, left by a writer that died or was cancelled."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.files.errors import FilesUnavailable
from app.core.files.local import LocalFiles
from tests.files.making import content, whole

# In a namespace of its own, so that no right on this host is needed.
_ON_A_SMALL_DISK = """
import asyncio, pathlib, subprocess, sys
from app.core.files.errors import StorageFull
from app.core.files.local import LocalFiles
from tests.files.making import content, whole

root = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", root], check=True)

async def main():
    store = LocalFiles(root)
    await store.write("kept", content(bytes(400_000)))
    try:
        await store.write("too/large", content(*[bytes(100_000)] * 20))
    except StorageFull:
        pass
    else:
        raise SystemExit("there was room")
    left = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    assert left == ["kept"], left
    assert len(await whole(store, "kept")) == 400_000
    await store.write("fits", content(bytes(400_000)))

asyncio.run(main())
"""


def can_mount() -> bool:
    """Whether a namespace of this user's own may have mounts."""
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="this host lets nobody mount a small disk")
def test_a_full_disk_is_said_to_be_full_and_keeps_what_it_had(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", _ON_A_SMALL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert done.returncode == 0, done.stderr + done.stdout


async def test_a_disk_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(FilesUnavailable):
        await LocalFiles(tmp_path / "file").write("one", content(b"1"))


async def test_a_cancelled_writer_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(300_000)
            begun.set()

    writing = asyncio.create_task(LocalFiles(tmp_path).write("one", endless()))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert list((tmp_path / ".writing").iterdir()) == []


async def test_what_a_dead_writer_left_is_tidied_once_it_is_old(tmp_path: Path) -> None:
    store = LocalFiles(tmp_path)
    await store.write("kept", content(b"1"))
    (tmp_path / ".writing" / "left").write_bytes(b"half")

    assert await store.tidy(older_than=timedelta(hours=1)) == 0
    assert await store.tidy(older_than=timedelta(seconds=-1)) == 1
    assert await whole(store, "kept") == b"1"


async def test_folders_that_nothing_is_left_in_go_with_the_last_file(tmp_path: Path) -> None:
    store = LocalFiles(tmp_path)
    await store.write("a/b/one", content(b"1"))

    await store.delete("a/b/one")

    assert not (tmp_path / "a").exists()
