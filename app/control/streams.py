"""How many runs are followed at once: of one account, and in this process.

A stream costs a look at the database every two seconds at most, for as long as it lasts; whoever
opens one in each of a thousand tabs slows down everybody else of this process.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import UUID

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.core.errors import Exhausted, Unavailable
from app.core.settings import Limits

_open: Counter[UUID] = Counter()


class TooManyStreams(Exhausted):
    """The account follows {most} runs at once here; close a stream, or read the run itself."""

    retry_after = timedelta(seconds=5)


class NoRoomForStreams(Unavailable):
    """As many runs are followed at once here as may be; read the run itself, or try later."""

    retry_after = timedelta(seconds=5)


class EventStream(StreamingResponse):
    """Server-sent events; has its place for exactly as long as it is being sent."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str], *, account_id: UUID, limits: Limits) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, headers=headers)
        self._account_id = account_id
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises TooManyStreams or NoRoomForStreams before anything is sent."""
        with _place(self._account_id, self._limits):
            await super().__call__(scope, receive, send)


@contextlib.contextmanager
def _place(account_id: UUID, limits: Limits) -> Iterator[None]:
    if _open[account_id] >= limits.streams:
        raise TooManyStreams(most=limits.streams)
    if _open.total() >= limits.streams_in_all:
        raise NoRoomForStreams
    _open[account_id] += 1
    try:
        yield
    finally:
        _open[account_id] -= 1
        if not _open[account_id]:
            del _open[account_id]
