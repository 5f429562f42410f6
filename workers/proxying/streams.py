"""Both ends of a way through the proxy: bounded buffers, and an end that leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from workers.proxying.errors import Silent

# A reader holds at most twice as much before its sender has to wait.
BUFFER_BYTES = 2**16
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 2**20
# A relay cannot tell a client that is gone from one that has only said all it had to say.
_HALF_OPEN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One connection; what was sent has left the process, so it can be dropped at any moment."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __post_init__(self) -> None:
        self.writer.transport.set_write_buffer_limits(high=0)

    async def read(self) -> bytes:
        """The next bytes; none at the end."""
        return await self.reader.read(BUFFER_BYTES)

    async def send(self, data: bytes) -> None:
        """Send, and wait until the other side's buffers took it."""
        self.writer.write(data)
        await self.writer.drain()

    def end(self) -> None:
        """Say that nothing more will be sent; the other side may go on."""
        if self.writer.can_write_eof() and not self.writer.transport.is_closing():
            self.writer.write_eof()

    async def linger(self) -> None:
        """End, and take what is still coming for a moment: closing on it would lose our answer."""
        self.end()
        taken = 0
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while taken < _LINGER_BYTES and (chunk := await self.read()):
                    taken += len(chunk)
        except TimeoutError:
            pass

    def drop(self) -> None:
        """Close at once."""
        self.writer.transport.abort()


class Patience:
    """Ends what it surrounds once nothing has happened for a while."""

    def __init__(self, longest_pause: timedelta) -> None:
        self._seconds = longest_pause.total_seconds()
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def during(self) -> AsyncIterator[None]:
        """Watch a block.

        Raises:
            Silent: nothing happened in it for too long.
        """
        try:
            async with asyncio.timeout(self._seconds) as self._timeout:
                yield
        except TimeoutError:
            raise Silent from None

    def shorten(self) -> None:
        """One side has ended; the other has had its answer, or gets it soon."""
        self._seconds = min(self._seconds, _HALF_OPEN_SECONDS)
        self.renew()

    def renew(self) -> None:
        """Something happened."""
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._seconds)
