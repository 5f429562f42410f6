"""Reading what comes out of a sandbox, on the event loop, without ever letting it wait for us.

    readable ─▶ at most 64 KiB are read and made into lines, beside the loop
             ├▶ it was much already: a megabyte, then a pause of 2 ms
             └▶ nothing more is wanted: moved to /dev/null by the kernel, with the same pause

So endless output goes on at some 400 MB a second, and costs a worker an eighth of a core.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable

_PIECE = 65_536
_LARGEST_PIPE = 2**20
_MUCH = 16 * 2**20
_PAUSE_SECONDS = 0.002


class Pipe:
    """Both ends of a pipe; neither is inherited unless named to whoever starts a process."""

    def __init__(self) -> None:
        self.reads, self.writes = os.pipe2(os.O_CLOEXEC)

    def enlarge(self) -> None:
        """As large as an ordinary user may make it; less switching to and fro."""
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.reads, fcntl.F_SETPIPE_SZ, _LARGEST_PIPE)

    def close_reads(self) -> None:
        self.reads = _closed(self.reads)

    def close_writes(self) -> None:
        self.writes = _closed(self.writes)

    def close(self) -> None:
        self.close_reads()
        self.close_writes()


async def pump(
    descriptor: int, take: Callable[[bytes], Awaitable[None]], *, is_enough: Callable[[], bool]
) -> None:
    """Hand over everything that comes, to the end; throw it away once it is enough."""
    os.set_blocking(descriptor, False)
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    total = 0
    try:
        while True:
            await readable(descriptor)
            is_much = total > _MUCH
            data = b""
            with contextlib.suppress(BlockingIOError):
                if is_enough():
                    is_much = True
                    if os.splice(descriptor, nowhere, _LARGEST_PIPE) == 0:
                        return
                elif data := os.read(descriptor, _LARGEST_PIPE if is_much else _PIECE):
                    total += len(data)
                else:
                    return
            if data:
                await take(data)
            if is_much:
                await asyncio.sleep(_PAUSE_SECONDS)
    finally:
        os.close(nowhere)


async def readable(descriptor: int) -> None:
    """Wait until a read would not wait; its end counts as well."""
    loop = asyncio.get_running_loop()
    comes: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _tell, comes)
    try:
        await comes
    finally:
        loop.remove_reader(descriptor)


def rest_of(descriptor: int) -> bytes:
    """What lies in a pipe now, without waiting."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, _PIECE)
    except BlockingIOError:
        return b""


def memory_file(name: str, content: bytes) -> int:
    """A descriptor to read this content from, that nobody can change any more."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _fill(descriptor, content)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _fill(descriptor: int, content: bytes) -> None:
    written = memoryview(content)
    while written:
        written = written[os.write(descriptor, written) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def _tell(comes: asyncio.Future[None]) -> None:
    if not comes.done():
        comes.set_result(None)


def _closed(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1
