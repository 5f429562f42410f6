"""What PostgreSQL appends to its files goes to the disk soon, a little at a time.

A table or an index grows by one empty page after another. PostgreSQL leaves them to the kernel,
which lets them lie for half a minute and then writes hundreds of megabytes at once, while commits
wait for the disk. Servers of others have a setting of their kernel for that (see the README); ours
have their changed files looked through, and the kernel is told to begin.

It is only told to begin, as PostgreSQL itself does for pages that it evicts. Waiting for the end,
as fsync does, would take an error of the disk away from PostgreSQL: it is told to one who waits.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.embedded.libc import LIBC

BUSY, IDLE = 1.0, 5.0  # seconds from one look to the next, where files change and where none does

_FIRST_DATABASE = 16_384  # oids below it are PostgreSQL's own databases
_BEGIN = 2  # SYNC_FILE_RANGE_WRITE of fcntl.h


class Writeback:
    """Looks through the relations of one cluster, in a thread that ends with the process."""

    def __init__(self, cluster: Path) -> None:
        self._cluster = cluster
        self._seen: Mapping[str, int] = {}
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin to look; on systems without `sync_file_range` nothing is done."""
        if LIBC is not None:
            threading.Thread(target=self._run, name="writeback", daemon=True).start()

    def stop(self) -> None:
        """Look no more; a look under way ends by itself."""
        self._ended.set()

    def look(self) -> int:
        """Begin to write the files that changed since the last look; how many that were."""
        found = dict(_relations(self._cluster))
        changed = [path for path, when in found.items() if self._seen.get(path) != when]
        self._seen = found
        for path in changed:
            _begin_to_write(path)
        return len(changed)

    def _run(self) -> None:
        pause = BUSY
        while not self._ended.wait(pause):
            pause = BUSY if self.look() else IDLE


def _relations(cluster: Path) -> Iterator[tuple[str, int]]:
    """The files of tables and indexes, with their time of change in ns; no temporary ones."""
    for database in _entries(str(cluster / "base")):
        if database.name.isdigit() and int(database.name) >= _FIRST_DATABASE:
            for file in _entries(database.path):
                if file.name[0].isdigit():
                    # Whoever drops a table removes its files meanwhile.
                    with contextlib.suppress(OSError):
                        yield file.path, file.stat().st_mtime_ns


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:  # it is gone, or there are too many open files: there will be another look
        return []


def _begin_to_write(path: str) -> None:
    """Tell the kernel to write a file's changed pages. Errors are left for PostgreSQL to meet."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if LIBC is not None:
                LIBC.sync_file_range(descriptor, 0, 0, _BEGIN)
        finally:
            os.close(descriptor)
