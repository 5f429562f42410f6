"""SOCKS5 (RFC 1928), as much of it as a client needs for a tunnel: CONNECT, without a password.

05 n methods          ─▶   05 00, or 05 ff: none that we know
05 01 00 kind host port ─▶ 05 reply 00 01 0.0.0.0:0, and then the tunnel
"""

import asyncio
from ipaddress import IPv4Address, IPv6Address

from app.core.errors import AppError
from app.core.outbound.hosts import host_of
from workers.proxying.answers import refusal_over_socks
from workers.proxying.errors import BadRequest, Gone
from workers.proxying.gate import Asked, Gate
from workers.proxying.rules import Target
from workers.proxying.streams import Stream
from workers.proxying.tunnel import tunnel

VERSION = b"\x05"
_NO_PASSWORD, _NO_METHOD = 0, 0xFF
_CONNECT, _IPV4, _NAME, _IPV6 = 1, 1, 3, 4
_GRANTED, _NO_SUCH_COMMAND, _NO_SUCH_KIND = 0, 7, 8


class Conversation:
    """One client that speaks SOCKS5; its first byte was read already."""

    def __init__(self, client: Stream) -> None:
        self._client = client
        self._may_reply = False
        self._reply: int | None = None

    async def asked(self) -> Asked:
        """Greet, and read what the client wants.

        Raises:
            BadRequest: something else than a tunnel without a password.
            Gone: the client closed instead.
        """
        try:
            return Asked(await self._target())
        except asyncio.IncompleteReadError:
            raise Gone from None

    async def go(self, gate: Gate, asked: Asked, turned_away: AppError | None) -> None:
        """Do what was asked for."""
        async with gate.way_to(asked.target, turned_away) as way:
            self._may_reply = False
            await self._client.send(_reply(_GRANTED))
            await tunnel(self._client, way)

    async def refuse(self, refusal: AppError) -> None:
        """Say why not, in SOCKS's few words, unless the tunnel is open; then only its end can."""
        if self._may_reply:
            code = refusal_over_socks(refusal) if self._reply is None else self._reply
            await self._client.send(_reply(code))
            await self._client.linger()

    async def _target(self) -> Target:
        exactly = self._client.reader.readexactly
        (number,) = await exactly(1)
        methods = await exactly(number)
        if _NO_PASSWORD not in methods:
            await self._client.send(VERSION + bytes([_NO_METHOD]))
            await self._client.linger()
            raise BadRequest(reason="there are no passwords")
        await self._client.send(VERSION + bytes([_NO_PASSWORD]))
        version, command, _, kind = await exactly(4)
        self._may_reply = True
        if version != VERSION[0] or command != _CONNECT:
            self._reply = _NO_SUCH_COMMAND
            raise BadRequest(reason="only connections are opened")
        host = await self._host(kind)
        port = int.from_bytes(await exactly(2), "big")
        if port == 0:
            raise BadRequest(reason="its port is none")
        return Target(host, port)

    async def _host(self, kind: int) -> str:
        exactly = self._client.reader.readexactly
        if kind == _IPV4:
            return str(IPv4Address(await exactly(4)))
        if kind == _IPV6:
            return str(IPv6Address(await exactly(16)))
        if kind != _NAME:
            self._reply = _NO_SUCH_KIND
            raise BadRequest(reason="its address is of no known kind")
        (length,) = await exactly(1)
        try:
            return host_of((await exactly(length)).decode("ascii"))
        except ValueError:
            raise BadRequest(reason="its host is none") from None


def _reply(code: int) -> bytes:
    return VERSION + bytes([code, 0, _IPV4, *bytes(6)])
