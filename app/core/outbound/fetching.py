"""Reading from an address that a customer gave, as a stream of bytes.

    address, headers ──▶ checked ──▶ name resolved, every address judged ──▶ dialled ──▶ TLS
                                                                                         │
      bytes, as they were sent ◀── counted, against the deadline ◀── 200 ◀───────────────┘

No redirect is followed: it would be an address that nobody gave. No proxy is used, whatever the
environment says: it would resolve the name for itself. Nothing is unpacked here, so a small answer
stays small.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial

import httpcore

from app.core.outbound.dialling import GuardedBackend, Resolver, is_distrust, resolve
from app.core.outbound.errors import FetchFailed, HeadersRefused, NotReached, TooMuch, TooSlow
from app.core.outbound.requests import Patience, checked_address, headers_for, public_trust
from app.core.outbound.rules import faults_in_headers, may_call

_OK = 200


async def fetch(
    address: str,
    headers: Mapping[str, str] | None = None,
    *,
    allow_private: bool = False,
    patience: Patience | None = None,
    resolver: Resolver = resolve,
    trust: ssl.SSLContext | None = None,
) -> AsyncGenerator[bytes, None]:
    """The bytes at an address, as they were sent: packed, if the server keeps them packed.

    Stop early only within `contextlib.aclosing`. The deadline runs for the reader too.

    Args:
        allow_private: calls loopback and private networks as well, and plain http; for sandboxes.
        resolver: how names become addresses.
        trust: whose certificates are believed; by default those of the public authorities.

    Raises:
        AddressRefused, HeadersRefused: before anything was sent.
        FetchFailed: the answer is another than 200.
        NotReached, TooMuch, TooSlow: see their messages; bytes may have come before.
    """
    limits = patience or Patience()
    end = asyncio.get_running_loop().time() + limits.total.total_seconds()
    request = _request(address, headers or {}, limits, allow_private=allow_private)
    backend = GuardedBackend(resolver, partial(may_call, allow_private=allow_private))
    chunks = _exchange(request, backend, trust or public_trust(), limits.most_bytes)
    async with aclosing(chunks):
        while True:
            try:
                async with asyncio.timeout_at(end):
                    chunk = await anext(chunks, None)
            except (TimeoutError, httpcore.TimeoutException):
                raise TooSlow from None
            if chunk is None:
                return
            yield chunk


async def _exchange(
    request: httpcore.Request, backend: GuardedBackend, trust: ssl.SSLContext, most_bytes: int
) -> AsyncGenerator[bytes, None]:
    """One connection for one request: an address judged earlier says nothing about now."""
    try:
        async with httpcore.AsyncConnectionPool(trust, network_backend=backend) as pool:
            response = await pool.handle_async_request(request)
            try:
                _judge(response, most_bytes)
                arrived = 0
                async for chunk in response.aiter_stream():
                    arrived += len(chunk)
                    if arrived > most_bytes:
                        raise TooMuch(limit_bytes=most_bytes)
                    yield chunk
            finally:
                await response.aclose()
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        reason = "its certificate is not valid" if is_distrust(error) else "it broke off"
        raise NotReached(reason=reason) from None


def _request(
    address: str, headers: Mapping[str, str], limits: Patience, *, allow_private: bool
) -> httpcore.Request:
    url = checked_address(address, allow_private=allow_private)
    faults = faults_in_headers(headers)
    if faults:
        raise HeadersRefused(faults=faults)
    sent = headers_for(url, {"accept": "*/*", **headers})
    connect, read = limits.connect.total_seconds(), limits.read.total_seconds()
    return httpcore.Request(
        "GET",
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=[(name.encode(), value.encode()) for name, value in sent.items()],
        extensions={"timeout": {"connect": connect, "read": read, "write": read, "pool": connect}},
    )


def _judge(response: httpcore.Response, most_bytes: int) -> None:
    if response.status != _OK:
        raise FetchFailed(status=response.status)
    for name, value in response.headers:
        is_length = name.lower() == b"content-length" and value.isdigit()
        if is_length and int(value) > most_bytes:
            raise TooMuch(limit_bytes=most_bytes)
