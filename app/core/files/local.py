"""Files in a folder of this host, or of a mount that all hosts share.

root/.writing/…    what is being written; of a process that died, until `tidy` finds it
root/<name>        whole files only
"""

import asyncio
import contextlib
import errno
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, ParamSpec, TypeVar

from app.core.files.errors import FileGone, FilesUnavailable, StorageFull
from app.core.files.store import BLOCK_BYTES, checked

_FULL = {errno.ENOSPC, errno.EDQUOT}
_TRIES = 5
_P = ParamSpec("_P")
_Result = TypeVar("_Result")


class LocalFiles:
    """A `FileStore` on a disk; all of the disk's work is done in threads."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()
        self._writing = self._root / ".writing"

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        path = self._root / checked(name)
        draft, file = await in_thread(self._begin)
        written = 0
        try:
            async for block in gathered(chunks):
                await in_thread(_write, file, block)
                written += len(block)
            await in_thread(self._finish, draft, file, path)
        finally:
            await in_thread(_discard, draft, file)
        return written

    async def read(self, name: str, *, start: int = 0) -> AsyncIterator[bytes]:
        path = self._root / checked(name)
        file = await in_thread(_open, path, start)
        try:
            while block := await in_thread(file.read, BLOCK_BYTES):
                yield block
        finally:
            await in_thread(file.close)

    async def size(self, name: str) -> int:
        return (await in_thread((self._root / checked(name)).stat)).st_size

    async def exists(self, name: str) -> bool:
        return await in_thread((self._root / checked(name)).exists)

    async def delete(self, name: str) -> None:
        path = self._root / checked(name)
        with contextlib.suppress(FileGone):
            await in_thread(path.unlink)
        await in_thread(self._drop_empty, path.parent)

    async def delete_folder(self, folder: str) -> None:
        path = self._root / checked(folder)
        with contextlib.suppress(FileGone):
            await in_thread(shutil.rmtree, path)
        await in_thread(self._drop_empty, path.parent)

    async def tidy(self, *, older_than: timedelta) -> int:
        """Delete what writers that died have left unfinished; returns how many."""
        return await in_thread(self._tidy, time.time() - older_than.total_seconds())

    def _begin(self) -> tuple[Path, BinaryIO]:
        self._writing.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=self._writing)
        # Unbuffered: blocks are large, and what the disk refuses is known at once.
        return Path(name), os.fdopen(descriptor, "wb", buffering=0)

    def _finish(self, draft: Path, file: BinaryIO, path: Path) -> None:
        os.fsync(file.fileno())
        file.close()
        for left in reversed(range(_TRIES)):
            self._make_folder(path.parent)
            try:
                draft.replace(path)
                break
            except FileNotFoundError:
                # Somebody deleted the last file of the folder, and so the folder, meanwhile.
                if not left:
                    raise
        _sync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        """Make it and those around it, so that all of them outlive a loss of power."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)

    def _drop_empty(self, folder: Path) -> None:
        """Remove folders that nothing is left in, up to the root."""
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _tidy(self, before: float) -> int:
        tidied = 0
        for draft in self._writing.iterdir() if self._writing.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if draft.stat().st_mtime < before:
                    draft.unlink()
                    tidied += 1
        return tidied


async def gathered(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger blocks: one trip to the disk instead of many."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _open(path: Path, start: int) -> BinaryIO:
    file = path.open("rb", buffering=0)
    file.seek(start)
    return file


def _write(file: BinaryIO, block: bytes) -> None:
    """All of it: near the end of the room a disk takes a part and refuses the rest."""
    left = memoryview(block)
    while left:
        left = left[file.write(left) :]


def _discard(draft: Path, file: BinaryIO) -> None:
    file.close()
    draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def in_thread(deed: Callable[_P, _Result], *args: _P.args, **kwargs: _P.kwargs) -> _Result:
    """Do it where it may block; who is cancelled meanwhile waits for its end.

    A file must not be closed while a thread still writes to it.
    """

    def told() -> _Result:
        with translated():
            return deed(*args, **kwargs)

    doing = asyncio.ensure_future(asyncio.to_thread(told))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """What an operating system says of its disk, in our words."""
    try:
        yield
    except FileNotFoundError:
        raise FileGone from None
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise FilesUnavailable from error
