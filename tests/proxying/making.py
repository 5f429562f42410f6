"""Proxies of the tests, clients that say exactly what they are told, and servers behind them."""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from app.core.outbound.hosts import pattern_of
from tests.faults.processes import PATIENCE_SECONDS
from workers.proxying.connections import Proxy
from workers.proxying.inside.starting import command, environment
from workers.proxying.ledger import HostUse
from workers.proxying.policy import Caps, Policy
from workers.proxying.server import filtering

QUICK = timedelta(seconds=0.3)
HERE = ip_network("127.0.0.1/32")


@dataclass
class Book:
    """A resolver: each name's addresses; a list of lists gives one after the other."""

    names: Mapping[str, Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host in self.names:
            return self.names[host]
        if host.replace(".", "").isdigit() or ":" in host:
            return [host]
        raise OSError("no such name")


def listing(*hosts: str, **fields: Any) -> Policy:
    """The account lists these hosts, and the installation lets them lie on 127.0.0.1."""
    allowed = tuple(pattern_of(host) for host in hosts)
    return Policy(**{"allowed": allowed, "private_networks": (HERE,)} | fields)


@dataclass(frozen=True)
class Site:
    """A proxy, and the socket that it listens on."""

    proxy: Proxy
    path: Path

    def use_of(self, host: str) -> HostUse:
        """The one line of the log of hosts about this host."""
        (found,) = [use for use in self.proxy.hosts() if use.host == host]
        return found

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.path)

    async def say(self, *pieces: bytes, then_end: bool = False) -> bytes:
        """Say this, and hear everything until the proxy closes."""
        reader, writer = await self.connect()
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if then_end:
                writer.write_eof()
            return await heard(reader)
        finally:
            writer.close()

    async def alone(self) -> None:
        """Wait until nobody is connected any more."""
        if self.proxy._tasks:
            await asyncio.wait(self.proxy._tasks, timeout=PATIENCE_SECONDS)
        assert not self.proxy._tasks

    async def tunnel(self, place: str) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
        """Ask for a tunnel; returns the head of the answer, and the streams."""
        reader, writer = await self.connect()
        writer.write(connect(place))
        return await reader.readuntil(b"\r\n\r\n"), reader, writer


@asynccontextmanager
async def proxying(
    policy: Policy, names: Mapping[str, Sequence[str]] | None = None, **options: Any
) -> AsyncIterator[Site]:
    """A proxy in a directory of its own; every name not given is unknown."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-"))
    try:
        path = folder / "proxy.sock"
        resolver = options.pop("resolver", None) or Book(names or {})
        async with filtering(policy, path, resolver=resolver, **options) as proxy:
            yield Site(proxy, path)
    finally:
        shutil.rmtree(folder)


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side ends, or breaks off."""
    said = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                said += piece
    return said


def caps(**changed: Any) -> Caps:
    """Caps of a test, which has no time to wait."""
    return Caps(**{"connect_timeout": timedelta(minutes=1)} | changed)


def connect(place: str) -> bytes:
    return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode()


def get(address: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {address} HTTP/1.1", "Host: claimed.test", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def refusal_of(answer: bytes) -> tuple[int, str]:
    """Status and code of a refusal; its body begins with the same code."""
    head, _, body = answer.partition(b"\r\n\r\n")
    _, status, code = head.split(b"\r\n")[0].decode().split(" ", 2)
    assert body.decode().startswith(f"{code}: ")
    return int(status), code


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """A server that says everything back until the other side ends; yields its port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def relaying(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """The relay as a process of its own, outside a sandbox; yields a client's environment."""
    ready, told = os.pipe()
    arguments = command(str(site.path), told, python=sys.executable, port=0)
    process = await asyncio.create_subprocess_exec(*arguments, pass_fds=[told])
    os.close(told)
    try:
        port = int(await asyncio.to_thread(os.read, ready, 10))
        yield {**without_proxies(), **environment(port)}
    finally:
        os.close(ready)
        process.terminate()
        await process.wait()


def without_proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


async def run(code: str, *arguments: str, env: Mapping[str, str]) -> tuple[str, str]:
    """Run a client's code in an interpreter of its own; returns what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        *arguments,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return out.decode(), err.decode()
