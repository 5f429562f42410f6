"""h11's events from a stream, and which headers are passed on."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

import h11

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

# Between two neighbours on the way; the next hop has its own.
_OF_THE_HOP = {
    *(b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"upgrade"),
    *(b"proxy-authorization", b"proxy-authenticate", b"proxy-authentication-info", b"expect"),
}


async def next_event(connection: h11.Connection, read: Callable[[], Awaitable[bytes]]) -> h11.Event:
    """The next event, reading as much as it takes.

    Raises:
        h11.RemoteProtocolError: what came is no HTTP, breaks off, or is too large.
    """
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Event):
            return event
        if event is h11.PAUSED:
            raise h11.RemoteProtocolError("more than was agreed on")
        connection.receive_data(await read())


def passed_on(message: h11.Request | h11.Response, *, but: Iterable[bytes] = ()) -> RawHeaders:
    """The headers that are meant for the other end, as they were written."""
    named = {
        name.strip().lower()
        for header, value in message.headers
        if header in (b"connection", b"proxy-connection")
        for name in value.split(b",")
    }
    # Where a body ends is no neighbour's choice.
    left_out = _OF_THE_HOP | (named - {b"content-length", b"transfer-encoding"}) | set(but)
    return [
        (name, value) for name, value in message.headers.raw_items() if name.lower() not in left_out
    ]
