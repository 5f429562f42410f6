"""A body on its way in, cut into pieces; never more of it in memory than came at once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

from starlette.requests import ClientDisconnect

from app.core.errors import AppError
from app.imports.uploads.errors import SenderSilent


class Incoming:
    """Whatever breaks the body off ends its last piece as the end would, and waits in `broken`.

    So what arrived is kept, and the sender goes on from there.
    """

    def __init__(self, body: AsyncIterator[bytes], *, silence: timedelta) -> None:
        self._body = body
        self._silence = silence.total_seconds()
        self._held = b""
        self._is_over = False
        self._hash = hashlib.sha256()
        self.broken: Exception | None = None

    @property
    def sha256(self) -> bytes:
        """Of all that came."""
        return self._hash.digest()

    async def has_more(self) -> bool:
        """Wait for more of the body; False at its end, and where it breaks off."""
        while not self._held and not self._is_over:
            try:
                async with asyncio.timeout(self._silence):
                    self._held = await anext(self._body)
                self._hash.update(self._held)
            except StopAsyncIteration:
                self._is_over = True
            except TimeoutError:
                self._break(SenderSilent())
            except (AppError, ClientDisconnect) as error:
                self._break(error)
        return bool(self._held)

    async def piece(self, size: int) -> AsyncIterator[bytes]:
        """The next bytes, at most so many."""
        left = size
        while left and await self.has_more():
            chunk, self._held = self._held[:left], self._held[left:]
            left -= len(chunk)
            yield chunk

    def _break(self, error: Exception) -> None:
        self.broken, self._is_over = error, True
