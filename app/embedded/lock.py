"""One user of a data directory at a time.

The kernel lets go of the lock when its holder dies, however it dies, so none is ever stale.
"""

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Literal

from app.embedded.errors import AlreadyRunning

Purpose = Literal["stack", "command"]
COMMAND_PATIENCE = 60.0  # seconds a stack waits for a one-off command to let go
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, and what for."""

    pid: int
    purpose: Purpose


@contextlib.asynccontextmanager
async def held(path: Path, purpose: Purpose) -> AsyncIterator[None]:
    """Hold the lock; a one-off command that has it is waited for, a stack is not.

    Raises:
        AlreadyRunning: a stack has it, or a command does not let go.
    """
    async with held_unless(path, purpose, lambda other: other.purpose == "stack") as other:
        if other is not None:
            raise AlreadyRunning(directory=path.parent, pid=other.pid)
        yield


@contextlib.asynccontextmanager
async def held_unless(
    path: Path, purpose: Purpose, gives_up: Callable[[Holder], bool]
) -> AsyncIterator[Holder | None]:
    """Hold the lock, or yield the holder for which `gives_up` said so or that stayed too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + COMMAND_PATIENCE
    with _opened(path) as file:
        while not _taken(file):
            other = _read(file)
            if other is not None and (gives_up(other) or loop.time() > until):
                yield other
                return
            await asyncio.sleep(_PAUSE)
        _write(file, Holder(os.getpid(), purpose))
        yield None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The file is never removed: a lock on a removed file excludes nobody."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        yield file


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[str]) -> Holder | None:
    """The holder, or None in the instant in which a new one has not yet written its name."""
    file.seek(0)
    try:
        return Holder(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None


def _write(file: IO[str], holder: Holder) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(asdict(holder)))
    file.flush()
