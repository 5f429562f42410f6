"""Folders kept ready on this machine's disk, for several processes at once.

    asked for ──▶ there? ──▶ held (a shared lock) ──▶ used ──▶ let go
                   └ no ──▶ one process fills a draft, the others wait ──▶ renamed ──▶ held
    too much? ──▶ the least recently used that nobody holds: renamed away, deleted

Locks are the kernel's, on the folder itself: whoever dies lets go. Nothing is flushed to the disk,
so what was made before the machine last started counts as not there.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from app.core.files.local import in_thread, translated
from app.jobs.code.measuring import bytes_of

Fill: TypeAlias = Callable[[Path], Awaitable[None]]

_KEY = re.compile(r"[0-9a-f]{64}")
_TREE, _MADE = "tree", "made"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_WAIT_SECONDS = 0.05
_LEFT_OVER_SECONDS = 3600


class Shelf:
    """A folder of folders, each under a digest; together at most `most_bytes`, as far as unused."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder.absolute()
        self._most_bytes = most_bytes

    @asynccontextmanager
    async def tree(self, key: str, fill: Fill) -> AsyncIterator[Path]:
        """The folder of this key, filled if it is not there; it stays while the context lasts.

        Args:
            key: a SHA-256, hexadecimal, of what the folder holds.
            fill: makes the folder it is given, which does not exist; may put passing files beside
                it. What it raises is raised here, and nothing is left.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("not a key of a shelf")
        held = self._hold(key)
        if held is None:
            held = await self._filled(key, fill)
        try:
            yield self._folder / key / _TREE
        finally:
            os.close(held)

    async def _filled(self, key: str, fill: Fill) -> int:
        await in_thread(self._folder.mkdir, parents=True, exist_ok=True)
        async with self._turn(key):
            while True:
                held = self._hold(key)
                if held is None:
                    held = await self._fill(key, fill)
                if held is not None:
                    break
        try:
            await in_thread(self._make_room)
        except BaseException:
            os.close(held)
            raise
        return held

    async def _fill(self, key: str, fill: Fill) -> int | None:
        """Fill a draft and give it its name; None if the name is just being taken away."""
        draft, held = self._begin(key)
        is_named = False
        try:
            await fill(draft / _TREE)
            is_named = await in_thread(self._name, draft, key)
        finally:
            if not is_named:
                os.close(held)
                await in_thread(shutil.rmtree, draft, ignore_errors=True)
        return held if is_named else None

    def _begin(self, key: str) -> tuple[Path, int]:
        with translated():
            draft = Path(tempfile.mkdtemp(prefix=f".draft-{key[:16]}-", dir=self._folder))
            draft.chmod(0o755)
            held = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
        # Held before it has its name: nobody can take it away in between.
        fcntl.flock(held, fcntl.LOCK_SH)
        return draft, held

    def _name(self, draft: Path, key: str) -> bool:
        (draft / _MADE).write_text(f"{_boot()} {bytes_of(draft / _TREE)}")
        try:
            draft.rename(self._folder / key)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        return True

    def _hold(self, key: str) -> int | None:
        """A descriptor that keeps the folder where it is, if it is there and can be relied on."""
        path = self._folder / key
        try:
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(held), path.stat()) and _made(path)[0] == _boot():
                os.utime(held)
                return held
        except (BlockingIOError, FileNotFoundError):
            os.close(held)
            return None
        os.close(held)
        self._discard(path)
        return None

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """One process at a time fills a key: looked for again and again, so never in a thread."""
        path = self._folder / f".turn-{key}"
        with translated():
            turn = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _is_locked(turn):  # noqa: ASYNC110  (another process tells us nothing)
                await asyncio.sleep(_WAIT_SECONDS)
            yield
        finally:
            # Who waits with this very file goes on with it; who comes now makes another. At worst
            # two fill at once, and the second to finish takes what the first has made.
            path.unlink(missing_ok=True)
            os.close(turn)

    def _make_room(self) -> None:
        kept = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if _KEY.fullmatch(path.name):
                    kept.append((path.stat().st_mtime_ns, path, _made(path)[1]))
                elif path.is_dir() and path.stat().st_mtime < time.time() - _LEFT_OVER_SECONDS:
                    self._discard(path)
        total = sum(size for _, _, size in kept)
        for _, path, size in sorted(kept):
            if total <= self._most_bytes:
                return
            if self._discard(path):
                total -= size

    def _discard(self, path: Path) -> bool:
        """Delete a folder that nobody holds; false if somebody does."""
        try:
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            grave = Path(tempfile.mkdtemp(prefix=".gone-", dir=self._folder))
            with contextlib.suppress(FileNotFoundError):
                path.rename(grave / path.name)
            shutil.rmtree(grave, ignore_errors=True)
        except BlockingIOError:
            return False
        finally:
            os.close(held)
        return True


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _made(path: Path) -> tuple[str, int]:
    """Since which start of the machine it is there, and its bytes."""
    boot, _, size = (path / _MADE).read_text().partition(" ")
    return boot, int(size) if size.isdecimal() else 0


def _boot() -> str:
    return _BOOT.read_text().strip()
