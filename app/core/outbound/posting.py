"""Telling an address that a customer gave: one POST, one deadline, a few kB of the answer.

    address, body ──▶ resolved, judged, dialled, TLS ──▶ sent ──▶ status ──▶ first kB, then hung up
    └──────────────────────── one deadline for all of it ────────────────┘

Nothing that a receiver does takes longer than the deadline or more memory than the few kB: its
status is the answer, and whatever it goes on to say after that is only for people to read.

On h11 and asyncio's streams: through httpcore's pool, made for connections that are kept, a
delivery took this process three times as long.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import h11

from app.core.outbound.dialling import Resolver, Streams, open_streams, resolve
from app.core.outbound.errors import NotReached, TooSlow
from app.core.outbound.requests import Patience, checked_address, headers_for, public_trust
from app.core.outbound.rules import may_call

ANSWER_BYTES = 2_000
_ANSWER_SECONDS = 1.0
_HEAD_BYTES, _BUFFER_BYTES = 16_000, 16_000
_PORTS = {"https": 443, "http": 80}
# Endpoints are called again and again; reading their addresses took as long as signing.
_read = lru_cache(maxsize=1_000)(checked_address)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: its status, and the beginning of the rest."""

    status: int
    body: bytes
    retry_after: str | None


async def post(
    address: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    patience: Patience,
    allow_private: bool = False,
    resolver: Resolver = resolve,
    trust: ssl.SSLContext | None = None,
) -> Answer:
    """Post bytes and read the answer, whatever its status; redirects are not followed.

    Each call is a connection of its own: an address judged earlier says nothing about now.

    Args:
        headers: ours; a customer's have to be looked through before.
        allow_private: calls loopback and private networks as well, and plain http; for sandboxes.

    Raises:
        AddressRefused: before anything was sent.
        NotReached, TooSlow: nobody can say whether it was received.
    """
    url = _read(address, allow_private=allow_private)
    said = headers_for(url, headers) | {"content-length": str(len(content))}
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    request = h11.Request(method="POST", target=url.raw_path, headers=list(said.items()))
    sent = b"".join(
        protocol.send(part) or b"" for part in (request, h11.Data(content), h11.EndOfMessage())
    )
    try:
        async with asyncio.timeout(patience.total.total_seconds()):
            streams = await open_streams(
                url.raw_host.decode("ascii"),
                url.port or _PORTS[url.scheme],
                resolver=resolver,
                judge=partial(may_call, allow_private=allow_private),
                buffer_bytes=_BUFFER_BYTES,
                trust=(trust or public_trust()) if url.scheme == "https" else None,
            )
            try:
                return await _exchange(protocol, streams, sent)
            finally:
                # Hung up, whatever it has still to say, and without waiting for its leave.
                streams[1].transport.abort()
    except TimeoutError:
        raise TooSlow from None
    except (OSError, h11.ProtocolError):
        raise NotReached(reason="it broke off") from None


async def _exchange(protocol: h11.Connection, streams: Streams, sent: bytes) -> Answer:
    reader, writer = streams
    writer.write(sent)
    await writer.drain()
    while not isinstance(found := await _next(protocol, reader), h11.Response):
        if not isinstance(found, h11.InformationalResponse):
            raise NotReached(reason="it broke off")
    told = {name: value for name, value in found.headers if name == b"retry-after"}
    asked = told.get(b"retry-after", b"").decode("latin-1")
    return Answer(found.status_code, await _beginning(protocol, reader), asked or None)


async def _next(protocol: h11.Connection, reader: asyncio.StreamReader) -> h11.Event | type:
    while (event := protocol.next_event()) is h11.NEED_DATA:
        protocol.receive_data(await reader.read(_BUFFER_BYTES))
    return event


async def _beginning(protocol: h11.Connection, reader: asyncio.StreamReader) -> bytes:
    """As much as is wanted of what comes soon; a broken rest is as good as none."""
    said = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while len(said) < ANSWER_BYTES:
                event = await _next(protocol, reader)
                if not isinstance(event, h11.Data):
                    break
                said += event.data
    except (TimeoutError, OSError, h11.ProtocolError):
        pass
    return said[:ANSWER_BYTES]
