"""Receivers on the loopback address that do as they are told, and keep what they were sent."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

from tests.outbound.servers import Deed, saying

FINE = saying("204 No Content")


@dataclass(frozen=True)
class Received:
    """One POST, as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def verified_by(self, secret: str) -> Any:
        """What the public library of receivers makes of it; raises if it was not us."""
        return Webhook(secret).verify(self.body.decode(), self.headers)


@dataclass
class Receiver:
    """A server that answers its first requests as listed, and all others as the last of them."""

    deeds: tuple[Deed, ...]
    port: int = 0
    scheme: str = "http"
    got: list[Received] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}/hook"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            deed = self.deeds[min(len(self.got), len(self.deeds) - 1)]
            self.got.append(Received(headers, body))
            self.came.set()
            await deed(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*deeds: Deed, trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver while the block lasts; it answers 204 unless it is told otherwise."""
    receiver = Receiver(deeds or (FINE,), scheme="https" if trust else "http")
    at_work: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        try:
            await receiver.answer(reader, writer)
        finally:
            at_work.discard(task)

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=trust)
    receiver.port = listening.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        listening.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def never(_: asyncio.StreamWriter) -> None:
    """Takes it, and says nothing."""
    await asyncio.Event().wait()


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Says a letter of its first line now and then."""
    for letter in b"HTTP/1.1 200 OK\r\n" * 100:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless(writer: asyncio.StreamWriter) -> None:
    """Says 200, and then a gigabyte."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1_000):
        writer.write(b"x" * 1_000_000)
        await writer.drain()
