"""Opening connections: a name is resolved, every address judged, and the judged address dialled.

    name ──▶ resolver ──▶ [addresses] ──▶ one of them refused? ──▶ nothing is dialled
                                      └─▶ all may be called ──▶ dialled one after the other

Whoever resolves first and lets a library connect by name resolves twice, and may be told another
address the second time. Here the name is only what TLS asks the certificate for.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import TypeAlias, TypeVar

import httpcore
from httpcore import SOCKET_OPTION

from app.core.outbound.errors import AddressRefused, NotReached

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
Judge: TypeAlias = Callable[[str], bool]
Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_Connection = TypeVar("_Connection")

_ANOTHER_ADDRESS_SECONDS = 5.0
# Threads of their own: names that nobody answers for hold up other names and nothing else. Many,
# and one for each name: whoever asks for one that is being asked for waits for the same answer.
_ASKING = ThreadPoolExecutor(64, thread_name_prefix="names")
_UNDER_WAY: dict[tuple[asyncio.AbstractEventLoop, str, int], asyncio.Future[list[str]]] = {}
_NOBODY = (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, TimeoutError)


def resolving_in(threads: Executor) -> Resolver:
    """A resolver that looks names up in these threads, and holds up nobody else's."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, _look_up, host, port)

    return resolve


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the order in which the system would try them."""
    if (written := _as_written(host)) is not None:
        return [written]
    loop = asyncio.get_running_loop()
    place = (loop, host, port)
    if place not in _UNDER_WAY:
        answer = loop.run_in_executor(_ASKING, _look_up, host, port)
        _UNDER_WAY[place] = answer
        answer.add_done_callback(partial(_answered, place))
    # Who gives up leaves the answer to the others.
    return await asyncio.shield(_UNDER_WAY[place])


@lru_cache(maxsize=1_000)
def _as_written(host: str) -> str | None:
    """The address that a host is, if it is no name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _answered(
    place: tuple[asyncio.AbstractEventLoop, str, int], answer: asyncio.Future[list[str]]
) -> None:
    del _UNDER_WAY[place]
    if not answer.cancelled():
        answer.exception()  # seen, also where nobody waits any more


async def judged_addresses(
    host: str, port: int, *, resolver: Resolver, judge: Judge
) -> Sequence[str]:
    """The addresses of a name, at least one, if each of them may be called.

    Raises:
        AddressRefused: any of the name's addresses is one that is not called.
        NotReached: the name is unknown.
    """
    try:
        addresses = await resolver(host, port)
    except (OSError, UnicodeError):
        raise NotReached(reason="its name is not known") from None
    if not addresses:
        raise NotReached(reason="its name is not known")
    if not all(judge(address) for address in addresses):
        raise AddressRefused(reason="its network is not one that is called from here")
    return addresses


async def first_to_answer(
    addresses: Sequence[str], dial: Callable[[str], Awaitable[_Connection]]
) -> _Connection:
    """A connection to the first address that answers; only the last may take its time.

    Raises:
        NotReached: nobody answers at any of them.
    """
    *others, last = addresses
    for address in others:
        with contextlib.suppress(*_NOBODY):
            async with asyncio.timeout(_ANOTHER_ADDRESS_SECONDS):
                return await dial(address)
    try:
        return await dial(last)
    except _NOBODY:
        raise NotReached(reason="nobody answers there") from None


async def open_streams(
    host: str,
    port: int,
    *,
    resolver: Resolver,
    judge: Judge,
    buffer_bytes: int,
    trust: ssl.SSLContext | None = None,
) -> Streams:
    """A connection as asyncio's pair of streams; the caller sets the deadline.

    Args:
        trust: over TLS, to whoever shows a certificate for the host that this believes.

    Raises:
        AddressRefused, NotReached: see `judged_addresses` and `first_to_answer`.
    """
    addresses = await judged_addresses(host, port, resolver=resolver, judge=judge)

    async def dial(address: str) -> Streams:
        name = host if trust else None
        try:
            return await asyncio.open_connection(
                address, port, limit=buffer_bytes, ssl=trust, server_hostname=name
            )
        except ssl.SSLError:
            raise NotReached(reason="its certificate is not valid") from None

    return await first_to_answer(addresses, dial)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Where httpcore's connections come from: only from addresses that may be called."""

    def __init__(self, resolver: Resolver, judge: Judge) -> None:
        self._resolver = resolver
        self._judge = judge
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            AddressRefused, NotReached: see `judged_addresses` and `first_to_answer`.
        """
        addresses = await judged_addresses(host, port, resolver=self._resolver, judge=self._judge)
        return await first_to_answer(
            addresses,
            lambda address: self._network.connect_tcp(
                address, port, timeout, local_address, socket_options
            ),
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a path is nothing that a customer may name."""
        raise AddressRefused(reason="it is no network address")

    async def sleep(self, seconds: float) -> None:
        """Wait, between httpcore's retries."""
        await asyncio.sleep(seconds)


def is_distrust(error: BaseException | None) -> bool:
    """Whether a failed connection failed because of its certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
