"""The file that is sent: how long it is, its SHA-256, and any part of it again."""

import contextlib
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import BinaryIO

from app.client.errors import FileDiffers, FileNotReadable

STANDARD_INPUT = "-"
_BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read from any place, as often as the connection breaks."""

    name: str
    size_bytes: int
    sha256: str
    _file: BinaryIO

    def blocks(self, first_byte: int, length: int) -> Iterator[bytes]:
        """So many bytes from there, a block at a time.

        Raises:
            FileDiffers: the file has become shorter meanwhile.
        """
        self._file.seek(first_byte)
        left = length
        while left:
            block = self._file.read(min(_BLOCK, left))
            if not block:
                raise FileDiffers(name=self.name, why="it has become shorter meanwhile")
            left -= len(block)
            yield block


@contextlib.contextmanager
def opened(name: str) -> Iterator[Source]:
    """The file of this name, read once from end to end; `-` is standard input.

    What cannot be read twice, such as a pipe, is copied to a temporary file first.

    Raises:
        FileNotReadable: there is none, or it is not ours to read.
    """
    with contextlib.ExitStack() as stack:
        try:
            file: BufferedReader | BufferedRandom
            if name == STANDARD_INPUT:
                file = _copied(sys.stdin.buffer, stack.enter_context(tempfile.TemporaryFile()))
            else:
                file = stack.enter_context(Path(name).open("rb"))
                if not Path(name).is_file():
                    file = _copied(file, stack.enter_context(tempfile.TemporaryFile()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            source = Source(name, file.tell(), digest, file)
        except OSError as error:
            raise FileNotReadable(name=name, why=error.strerror or str(error)) from error
        yield source


def _copied(pipe: BinaryIO, copy: BufferedRandom) -> BufferedRandom:
    shutil.copyfileobj(pipe, copy, _BLOCK)
    copy.seek(0)
    return copy
