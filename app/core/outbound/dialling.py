"""Opening connections: a name is resolved, every address judged, and the judged address dialled.

    name ──▶ resolver ──▶ [addresses] ──▶ one of them refused? ──▶ nothing is dialled
                                      └─▶ all may be called ──▶ dialled one after the other

Whoever resolves first and lets a library connect by name resolves twice, and may be told another
address the second time. Here the name is only what TLS asks the certificate for.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

import httpcore
from httpcore import SOCKET_OPTION

from app.core.outbound.errors import AddressRefused, NotReached
from app.core.outbound.rules import may_call

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_ANOTHER_ADDRESS_SECONDS = 5.0


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the order in which the system would try them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Where httpcore's connections come from: only from addresses that may be called."""

    def __init__(self, resolver: Resolver, *, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private
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
            AddressRefused: any of the name's addresses is one that is not called.
            NotReached: the name is unknown, or nobody answers at any of its addresses.
        """
        *others, last = await self._checked(host, port)
        for address in (*others, last):
            is_last = address is last
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout if is_last else _ANOTHER_ADDRESS_SECONDS,
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise NotReached(reason="nobody answers there")

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

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise NotReached(reason="its name is not known") from None
        if not addresses:
            raise NotReached(reason="its name is not known")
        for address in addresses:
            if not may_call(address, allow_private=self._allow_private):
                raise AddressRefused(reason="its network is not one that is called from here")
        return addresses


def is_distrust(error: BaseException | None) -> bool:
    """Whether a failed connection failed because of its certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
