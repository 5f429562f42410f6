"""An arm that answers HTTP: its database, its processes, and the load that is sent to it.

An arm is frozen except while it is measured, so that no idle loop of one disturbs another.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from app.embedded.environment import for_python, python_module
from app.embedded.ports import free_port
from tests.bench.errors import Wrong
from tests.bench.processes import Process
from tests.bench.stand import Stand

SINGLE = "/v1/responses"
BATCH = "/v1/responses/batch"
_START_SECONDS = 60.0
_DRAIN_SECONDS = 300.0
_LOOK_SECONDS = 0.02
_LONGEST_SECONDS = 120.0  # of one stretch of load


@dataclass(frozen=True, slots=True)
class Sent:
    """One stretch of load: how many requests, from when until when, how long each took."""

    requests: int
    began: float
    ended: float
    p50_seconds: float
    p99_seconds: float
    failed: int = 0

    @property
    def per_second(self) -> float:
        return self.requests / (self.ended - self.began)


class Service:
    """One arm, up and frozen."""

    def __init__(self, stand: Stand, database_url: str, *, token: str = "") -> None:
        self.stand = stand
        self.database_url = database_url
        self.port = free_port()
        self.token = token
        self.processes: dict[str, Process] = {}
        self.rows_sent = 0
        self._numbers = 0

    @asynccontextmanager
    async def living(self) -> AsyncIterator[Self]:
        """End the processes afterwards, however it ends."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end)
            yield self

    def start(self, name: str, *module: str, settings: Mapping[str, str]) -> None:
        self.processes[name] = Process(*module, settings=settings, log=self.stand.log(name))

    async def until_answering(self, path: str) -> None:
        """Wait until the server answers at all."""
        until = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < until:
                self.require_alive()
                try:
                    await http.get(f"http://127.0.0.1:{self.port}{path}")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return
        raise Wrong("a server does not answer")

    @asynccontextmanager
    async def awake(self) -> AsyncIterator[None]:
        """Let the arm's processes run for as long as the block."""
        for process in self.processes.values():
            process.thaw()
        try:
            yield
        finally:
            self.freeze()

    def freeze(self) -> None:
        for process in self.processes.values():
            process.freeze()

    def numbers(self, how_many: int) -> range:
        """The next numbers of this arm: what is made of them was never sent before."""
        first, self._numbers = self._numbers, self._numbers + how_many
        return range(first, first + how_many)

    async def send(
        self,
        bodies: Sequence[bytes],
        *,
        connections: int,
        path: str = SINGLE,
        rows: int | None = None,
        is_timed: bool = True,
        may_fail: bool = False,
    ) -> Sent:
        """Send these bodies as fast as they are answered; `rows` in all if they are batches.

        What is timed begins on a quiet server.

        Raises:
            Wrong: an answer was other than 202, or than 5xx where requests may fail.
        """
        async with attacker() as process:
            sent = await self._attack(process, bodies, connections, path, is_timed)
        if sent.failed and not may_fail:
            raise Wrong(f"{sent.failed} requests to {path} were answered with 5xx")
        self.rows_sent += len(bodies) - sent.failed if rows is None else rows
        return sent

    async def until_done(self, pending: str, *, look_every: float = _LOOK_SECONDS) -> float:
        """Wait until the arm's database says that nothing is pending; the moment it was seen.

        Looking costs the server little where the question has an index; else look rarely.

        Raises:
            Wrong: rows stay pending.
        """
        until = time.monotonic() + _DRAIN_SECONDS
        async with self.stand.owner(self.database_url) as connection:
            while await connection.fetchval(pending):
                if time.monotonic() > until:
                    raise Wrong("rows stay pending")
                self.require_alive()
                await asyncio.sleep(look_every)
            return time.monotonic()

    async def require_count(self, sql: str, expected: int, what: str) -> None:
        found = await self.stand.ask(self.database_url, sql)
        if found != expected:
            raise Wrong(f"{what}: {found:,} instead of {expected:,}")

    def require_alive(self) -> None:
        for process in self.processes.values():
            process.require_alive()

    async def _attack(
        self,
        process: asyncio.subprocess.Process,
        bodies: Sequence[bytes],
        connections: int,
        path: str,
        is_timed: bool,
    ) -> Sent:
        with tempfile.NamedTemporaryFile(dir=self.stand.folder) as file:
            file.write(b"\n".join(bodies))
            file.flush()
            spec = {
                "port": self.port,
                "path": path,
                "token": self.token,
                "connections": connections,
                "bodies": file.name,
            }
            await tell(process, json.dumps(spec))
            await hear(process)
        if is_timed:
            await self.stand.quiet()
        await tell(process, "go")
        outcome = json.loads(await hear(process))
        statuses: dict[str, int] = outcome.get("statuses", {})
        failed = sum(n for status, n in statuses.items() if status.startswith("5"))
        if statuses.get("202", 0) + failed != len(bodies):
            raise Wrong(f"{path} was answered with {statuses or outcome}")
        began, ended, p50, p99 = (outcome[name] for name in ("began", "ended", "p50", "p99"))
        return Sent(len(bodies), began, ended, p50, p99, failed)

    async def _end(self) -> None:
        for process in self.processes.values():
            await process.end()


@asynccontextmanager
async def attacker(
    module: str = "tests.bench.load",
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A load generator, to be told and heard; it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        *python_module(module),
        env=for_python(os.environ),
        cwd=Path(tempfile.gettempdir()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def tell(process: asyncio.subprocess.Process, line: str) -> None:
    """Give a load generator a line."""
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()


async def hear(process: asyncio.subprocess.Process) -> Any:
    """The next line of a load generator.

    Raises:
        Wrong: it has ended.
    """
    assert process.stdout is not None
    async with asyncio.timeout(_LONGEST_SECONDS):
        line = await process.stdout.readline()
    if not line:
        raise Wrong("the load generator has ended")
    return line
