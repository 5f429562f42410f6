"""One run's connections: how many there may be, and what becomes of each.

accepted ─▶ first byte ─▶ 05: SOCKS ─▶ what is asked for ─▶ gate ─▶ tunnel, or a plain request
                       └▶ else HTTP         │                 │          │
                                            └─────────────────┴──────────┴▶ refused, in its words
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import TypeAlias

from app.core import log
from app.core.errors import AppError
from app.core.outbound.dialling import Resolver
from workers.proxying import http_requests, socks
from workers.proxying.errors import (
    ConnectionsUsedUp,
    Gone,
    RequestTooSlow,
    TooManyConnections,
)
from workers.proxying.gate import Asked, Gate
from workers.proxying.ledger import HostUse
from workers.proxying.policy import Policy
from workers.proxying.streams import BUFFER_BYTES, Stream

_log = log.get(__name__)

_NO_ROOM_SECONDS = 1.0

Conversation: TypeAlias = http_requests.Conversation | socks.Conversation


class Proxy:
    """The proxy of one run."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self._caps = policy.caps
        self._gate = Gate(policy, resolver)
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepted = 0

    def hosts(self) -> Sequence[HostUse]:
        """The log of hosts: connections, bytes and refusals of each, so far."""
        return self._gate.ledger.hosts()

    async def listen(self, listening: socket.socket) -> None:
        """Accept and serve until cancelled; then cut every connection.

        Whoever finds as many being served or refused as there may be waits unaccepted, which is
        for a moment: a refusal is said and over.
        """
        loop = asyncio.get_running_loop()
        try:
            while True:
                while len(self._tasks) >= 2 * self._caps.at_once:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                try:
                    connection, _ = await loop.sock_accept(listening)
                except OSError as error:
                    _log.warning("proxy_cannot_accept", error=type(error).__name__)
                    await asyncio.sleep(_NO_ROOM_SECONDS)
                    continue
                task = asyncio.create_task(self._serve(connection, self._turned_away()))
                self._accepted += 1
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            # A task that is cancelled before it begins would not close what it was given.
            await asyncio.sleep(0)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _turned_away(self) -> AppError | None:
        if self._accepted >= self._caps.in_all:
            return ConnectionsUsedUp()
        return TooManyConnections() if len(self._tasks) >= self._caps.at_once else None

    async def _serve(self, connection: socket.socket, turned_away: AppError | None) -> None:
        with connection:
            streams = await asyncio.open_unix_connection(sock=connection, limit=BUFFER_BYTES)
            client = Stream(*streams)
            try:
                await self._converse(client, turned_away)
            except (Gone, OSError):
                pass
            except AppError:
                pass  # said to the client, and written down
            except Exception:
                _log.error("proxying_failed", exc_info=True)
            finally:
                client.drop()
                with contextlib.suppress(OSError):
                    await client.writer.wait_closed()

    async def _converse(self, client: Stream, turned_away: AppError | None) -> None:
        conversation: Conversation | None = None
        asked: Asked | None = None
        try:
            try:
                async with asyncio.timeout(self._caps.head_timeout.total_seconds()):
                    conversation = await _begun(client)
                    asked = await conversation.asked()
            except TimeoutError:
                raise RequestTooSlow from None
            await conversation.go(self._gate, asked, turned_away)
        except AppError as refusal:
            if asked is None:
                self._count(refusal)
            if conversation is not None:
                await self._told(conversation, refusal)
            raise

    async def _told(self, conversation: Conversation, refusal: AppError) -> None:
        """Say why; whoever does not listen is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._caps.head_timeout.total_seconds()):
                await conversation.refuse(refusal)

    def _count(self, refusal: AppError) -> None:
        self._gate.ledger.entry().refused[refusal.code] += 1


async def _begun(client: Stream) -> Conversation:
    first = await client.reader.read(1)
    if not first:
        raise Gone
    if first == socks.VERSION:
        return socks.Conversation(client)
    return http_requests.Conversation(client, first)
