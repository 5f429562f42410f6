"""Connections to receivers, and those of them that are kept for a moment for the next call.

    dialled ──▶ a call ──▶ its answer read to the end? ──▶ kept ──▶ the next call to the same place
                  └─▶ anything else: hung up                └─▶ a second later: hung up

What was judged is the address, and a connection leads to one address for as long as it lives: to
use it again asks nothing anew of a name that may say something else by now. It lives shortly, so
that a name that has moved is followed, and a certificate that is no longer shown is noticed.
"""

import asyncio
import time
from collections.abc import Hashable
from dataclasses import dataclass, field

import h11

from app.core.outbound.dialling import Streams

BUFFER_BYTES = 16_000
_HEAD_BYTES = 16_000
_IDLE_SECONDS, _OLDEST_SECONDS = 1.0, 10.0


class HungUp(Exception):
    """A kept connection whose other end had closed it before it heard of this call."""


@dataclass(slots=True, eq=False)
class Line:
    """A connection, and where its conversation stands."""

    streams: Streams
    protocol: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    )
    dialled_at: float = field(default_factory=time.monotonic)
    is_used: bool = False
    has_heard: bool = False
    patience: asyncio.TimerHandle | None = None

    async def next_event(self) -> h11.Event | type:
        """What the other end says next.

        Raises:
            HungUp: nothing, and it was a kept one.
            h11.ProtocolError, OSError: no HTTP, or broken off.
        """
        while (event := self.protocol.next_event()) is h11.NEED_DATA:
            try:
                data = await self.streams[0].read(BUFFER_BYTES)
            except ConnectionError:
                data = b""
            if not data and self.is_used and not self.has_heard:
                raise HungUp
            self.has_heard = True
            self.protocol.receive_data(data)
        return event

    def hang_up(self) -> None:
        """Whatever it has still to say, and without waiting for its leave."""
        if self.patience is not None:
            self.patience.cancel()
        self.streams[1].transport.abort()

    @property
    def may_be_kept(self) -> bool:
        """Whether both ends have said all, and mean to go on."""
        is_at_rest = self.protocol.our_state is self.protocol.their_state is h11.DONE
        is_silent = not self.protocol.trailing_data[0]
        reader, writer = self.streams
        is_open = not (reader.at_eof() or writer.transport.is_closing())
        return is_at_rest and is_silent and is_open


class Kept:
    """The connections that a process keeps open, by place."""

    def __init__(
        self, *, idle_seconds: float = _IDLE_SECONDS, oldest_seconds: float = _OLDEST_SECONDS
    ) -> None:
        self._idle_seconds, self._oldest_seconds = idle_seconds, oldest_seconds
        self._at: dict[Hashable, list[Line]] = {}

    def take(self, place: Hashable) -> Line | None:
        """One that leads there, as fresh as there is; it is the caller's now."""
        lines = self._at.get(place, [])
        while lines:
            line = lines.pop()
            if not lines:
                self._at.pop(place, None)
            if self._is_fit(line):
                if line.patience is not None:
                    line.patience.cancel()
                line.protocol.start_next_cycle()
                line.is_used, line.has_heard = True, False
                return line
            line.hang_up()
        return None

    def give(self, place: Hashable, line: Line) -> None:
        """Keep it for a moment, if it can be used again; else it is hung up."""
        if not self._is_fit(line):
            line.hang_up()
            return
        loop = asyncio.get_running_loop()
        line.patience = loop.call_later(self._idle_seconds, self._let_go, place, line)
        self._at.setdefault(place, []).append(line)

    def of(self, whose: Hashable) -> "Own":
        """Those of one who shares them with nobody."""
        return Own(self, whose)

    def hang_up(self) -> None:
        """All of them: nobody calls any more."""
        for lines in self._at.values():
            for line in lines:
                line.hang_up()
        self._at.clear()

    def _is_fit(self, line: Line) -> bool:
        return line.may_be_kept and time.monotonic() - line.dialled_at < self._oldest_seconds

    def _let_go(self, place: Hashable, line: Line) -> None:
        lines = self._at.get(place, [])
        if line in lines:
            lines.remove(line)
            if not lines:
                del self._at[place]
        line.hang_up()


@dataclass(frozen=True, slots=True)
class Own:
    """The part of them that is for the calls of one alone."""

    kept: Kept
    whose: Hashable

    def take(self, place: Hashable) -> Line | None:
        return self.kept.take((self.whose, place))

    def give(self, place: Hashable, line: Line) -> None:
        self.kept.give((self.whose, place), line)
