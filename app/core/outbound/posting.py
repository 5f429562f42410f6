"""Telling an address that a customer gave: one POST, one deadline, a few kB of the answer.

    address, body ──▶ resolved, judged, dialled, TLS ──▶ sent ──▶ status ──▶ first kB, then hung up
    └──────────────────────── one deadline for all of it ────────────────┘

Nothing that a receiver does takes longer than the deadline or more memory than the few kB: its
status is the answer, and whatever it goes on to say after that is only for people to read.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import httpcore

from app.core.outbound.dialling import GuardedBackend, Resolver, is_distrust, resolve
from app.core.outbound.errors import NotReached, TooSlow
from app.core.outbound.requests import Patience, public_trust, request_for
from app.core.outbound.rules import may_call

ANSWER_BYTES = 2_000
_ANSWER_SECONDS = 1.0


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

    Args:
        headers: ours; a customer's have to be looked through before.
        allow_private: calls loopback and private networks as well, and plain http; for sandboxes.

    Raises:
        AddressRefused: before anything was sent.
        NotReached, TooSlow: nobody can say whether it was received.
    """
    request = request_for(
        "POST", address, headers, patience, allow_private=allow_private, content=content
    )
    backend = GuardedBackend(resolver, partial(may_call, allow_private=allow_private))
    try:
        async with asyncio.timeout(patience.total.total_seconds()):
            return await _exchange(request, backend, trust or public_trust())
    except (TimeoutError, httpcore.TimeoutException):
        raise TooSlow from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        reason = "its certificate is not valid" if is_distrust(error) else "it broke off"
        raise NotReached(reason=reason) from None


async def _exchange(
    request: httpcore.Request, backend: GuardedBackend, trust: ssl.SSLContext
) -> Answer:
    """One connection for one request: an address judged earlier says nothing about now."""
    async with httpcore.AsyncConnectionPool(trust, network_backend=backend) as pool:
        response = await pool.handle_async_request(request)
        try:
            said = await _beginning(response)
        finally:
            await response.aclose()
        found = {name.lower(): value for name, value in response.headers}
        retry_after = found.get(b"retry-after", b"").decode("latin-1")
        return Answer(response.status, said, retry_after or None)


async def _beginning(response: httpcore.Response) -> bytes:
    """As much as is wanted of what comes soon; a broken rest is as good as none."""
    said = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            async for chunk in response.aiter_stream():
                said += chunk
                if len(said) >= ANSWER_BYTES:
                    break
    except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass
    return said[:ANSWER_BYTES]
