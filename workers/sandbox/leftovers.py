"""What is left in `$OUTPUT_DIR`, looked at after everybody who could change it is dead.

The directory is memory of the sandbox. A descriptor that was opened before the code began keeps it
when the sandbox is gone; then nothing in it moves any more, and no race can turn a file that was
looked at into a link to somewhere else. Links are not followed all the same.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from workers.sandbox.outcome import LeftFile, RefusedFile

_MOST_FILES = 1_000
_DEEPEST = 8
_MOST_REFUSED = 100
_PIECE = 2**20
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(slots=True)
class Leftovers:
    """What was found so far."""

    most_bytes: int
    files: list[LeftFile] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    _kept_bytes: int = 0

    def gather(self, directory: int, keep_in: Path | None) -> None:
        """Look through a directory, given by descriptor, and copy its files if told where to."""
        for name, place, found in self._walk(directory, "", 1):
            reason = self._reason(name, found)
            if reason:
                self._refuse(name, reason)
                continue
            try:
                with _opened(place, name.rpartition("/")[2]) as content:
                    if keep_in is not None:
                        _copy(content, keep_in / name)
            except PermissionError:
                self._refuse(name, "it cannot be read")
                continue
            self._kept_bytes += found.st_size
            self.files.append(LeftFile(name, found.st_size))

    def _walk(
        self, directory: int, above: str, depth: int
    ) -> Iterator[tuple[str, int, os.stat_result]]:
        with contextlib.suppress(PermissionError):
            os.fchmod(directory, 0o700)  # its owner may have closed it, and is who we are
        for name in sorted(os.listdir(directory)):
            path = f"{above}{name}"
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode):
                yield path, directory, found
            elif depth == _DEEPEST:
                self._refuse(path, f"more than {_DEEPEST} directories deep")
            else:
                yield from self._below(directory, name, path, depth + 1)

    def _below(
        self, directory: int, name: str, path: str, depth: int
    ) -> Iterator[tuple[str, int, os.stat_result]]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            below = os.open(name, flags, dir_fd=directory)
        except PermissionError:
            self._refuse(path, "it cannot be read")
            return
        try:
            yield from self._walk(below, f"{path}/", depth)
        finally:
            os.close(below)

    def _reason(self, name: str, found: os.stat_result) -> str | None:
        if not stat.S_ISREG(found.st_mode):
            return f"it is {_KINDS.get(stat.S_IFMT(found.st_mode), 'no file')}"
        if not name.isprintable():
            return "its name has characters that cannot be shown"
        if len(self.files) >= _MOST_FILES:
            return f"more than {_MOST_FILES} files"
        if self._kept_bytes + found.st_size > self.most_bytes:
            return f"all files together have more than {self.most_bytes / 2**20:g} MiB"
        return None

    def _refuse(self, name: str, reason: str) -> None:
        if len(self.refused) < _MOST_REFUSED:
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
            self.refused.append(RefusedFile(shown[:255], reason))


def _opened(directory: int, name: str) -> BinaryIO:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(name, flags, dir_fd=directory), "rb")


def _copy(content: BinaryIO, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as copy:
        while piece := content.read(_PIECE):
            copy.write(piece)
