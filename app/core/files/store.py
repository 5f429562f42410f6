"""The port to where files are kept."""

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Protocol

# What is read at once; also what is gathered from smaller parts before it is written.
BLOCK_BYTES = 256 * 1024


class FileStore(Protocol):
    """Keeps files under names like `uploads/…/0-3f`; every call may be made again.

    Raises, from every call: StorageFull, FilesUnavailable.
    """

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep what the chunks hold, durably and under this name; returns its bytes.

        If the chunks raise, nothing is kept and that error goes on.
        """
        ...

    def read(self, name: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """The file's blocks from byte `start` on, of about 256 KiB; raises FileGone."""
        ...

    async def size(self, name: str) -> int:
        """The file's bytes; raises FileGone."""
        ...

    async def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        ...

    async def delete(self, name: str) -> None:
        """Forget a file; nothing happens where there is none."""
        ...

    async def delete_folder(self, folder: str) -> None:
        """Forget everything whose name begins with `folder/`."""
        ...


def checked(name: str) -> str:
    """The name, if it stays inside the store; ours always do.

    Raises:
        ValueError: it is empty, absolute or climbs.
    """
    steps = name.split("/")
    if PurePosixPath(name).is_absolute() or any(step in ("", ".", "..") for step in steps):
        raise ValueError("not a name of a kept file")
    return name
