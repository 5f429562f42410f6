"""Telling an address that a customer gave: one POST, one deadline, a few kB of the answer.

    address, body ──▶ resolved, judged, dialled, TLS ──▶ sent ──▶ status ──▶ first kB, then hung up
         └──▶ or a connection that is kept ─────────────▶ ┘                  or kept, if that is all
    └──────────────────────── one deadline for all of it ────────────────┘

Nothing that a receiver does takes longer than the deadline or more memory than the few kB: its
status is the answer, and whatever it goes on to say after that is only for people to read.

On h11 and asyncio's streams: through httpcore's pool a delivery took this process three times as
long. What is the same in all calls to an address is said, and looked through by h11, once.
"""

import asyncio
import ssl
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import h11

from app.core.outbound.dialling import Resolver, open_streams, resolve
from app.core.outbound.errors import NotReached, TooSlow
from app.core.outbound.lines import BUFFER_BYTES, HungUp, Line, Own
from app.core.outbound.requests import Patience, checked_address, headers_for, public_trust
from app.core.outbound.rules import may_call

ANSWER_BYTES = 2_000
_ANSWER_SECONDS = 1.0
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: its status, and the beginning of the rest."""

    status: int
    body: bytes
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class _Opening:
    """Whom a request is for, and how it begins whatever is in it."""

    host: str
    port: int
    is_secure: bool
    request: h11.Request
    head: bytes


@lru_cache(maxsize=1_000)
def _opening(address: str, *, allow_private: bool, is_kept: bool) -> _Opening:
    url = checked_address(address, allow_private=allow_private)
    headers = headers_for(url, {})
    if is_kept:
        del headers["connection"]
    request = h11.Request(method="POST", target=url.raw_path, headers=list(headers.items()))
    return _Opening(
        url.raw_host.decode("ascii"),
        url.port or _PORTS[url.scheme],
        url.scheme == "https",
        request,
        (h11.Connection(h11.CLIENT).send(request) or b"").removesuffix(b"\r\n"),
    )


async def post(
    address: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    patience: Patience,
    allow_private: bool = False,
    resolver: Resolver = resolve,
    trust: ssl.SSLContext | None = None,
    kept: Own | None = None,
) -> Answer:
    """Post bytes and read the answer, whatever its status; redirects are not followed.

    Args:
        headers: ours; a customer's have to be looked through before.
        allow_private: calls loopback and private networks as well, and plain http; for sandboxes.
        kept: where connections are kept for the next call; without it each call has its own.

    Raises:
        AddressRefused: before anything was sent.
        NotReached, TooSlow: nobody can say whether it was received.
    """
    opening = _opening(address, allow_private=allow_private, is_kept=kept is not None)
    sent = b"".join((opening.head, _said(headers, len(content)), content))
    place = (opening.host, opening.port, opening.is_secure, allow_private)
    try:
        async with asyncio.timeout(patience.total.total_seconds()):
            while kept is not None and (line := kept.take(place)) is not None:
                try:
                    return await _exchange(line, opening, sent, kept, place)
                except HungUp:
                    continue  # it may have been read all the same: the same bytes, seen twice
            streams = await open_streams(
                opening.host,
                opening.port,
                resolver=resolver,
                judge=partial(may_call, allow_private=allow_private),
                buffer_bytes=BUFFER_BYTES,
                trust=(trust or public_trust()) if opening.is_secure else None,
            )
            return await _exchange(Line(streams), opening, sent, kept, place)
    except TimeoutError:
        raise TooSlow from None
    except (OSError, h11.ProtocolError):
        raise NotReached(reason="it broke off") from None


def _said(headers: Mapping[str, str], length: int) -> bytes:
    """The rest of the head, of values that have one line each."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if not all(map(str.isprintable, lines)):
        raise ValueError("a header of more than one line")
    return "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode("ascii")


async def _exchange(
    line: Line, opening: _Opening, sent: bytes, kept: Own | None, place: Hashable
) -> Answer:
    """Say it, hear the answer; the line is given back if all of that was heard."""
    answer = None
    try:
        # What is sent are our own bytes; h11 has to know of them, to read what they are answered.
        line.protocol.send(opening.request)
        line.protocol.send(h11.EndOfMessage())
        line.streams[1].write(sent)
        answer = await _heard(line)
    finally:
        if answer is None or kept is None:
            line.hang_up()
        else:
            kept.give(place, line)
    return answer


async def _heard(line: Line) -> Answer:
    try:
        await line.streams[1].drain()
    except ConnectionError:
        if line.is_used:
            raise HungUp from None
        raise
    while not isinstance(found := await line.next_event(), h11.Response):
        if not isinstance(found, h11.InformationalResponse):
            raise NotReached(reason="it broke off")
    told = {name: value for name, value in found.headers if name == b"retry-after"}
    asked = told.get(b"retry-after", b"").decode("latin-1")
    return Answer(found.status_code, await _beginning(line), asked or None)


async def _beginning(line: Line) -> bytes:
    """As much as is wanted of what comes soon; a broken rest is as good as none."""
    said = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while len(said) < ANSWER_BYTES:
                event = await line.next_event()
                if not isinstance(event, h11.Data):
                    break
                said += event.data
    except (TimeoutError, OSError, h11.ProtocolError):
        pass
    return said[:ANSWER_BYTES]
