"""The nursery as the tests see it: processes to be started, killed and waited for."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Protocol

import pytest

ROOT = Path(__file__).parents[2]


class Process(Protocol):
    """A process that a test started, in one way or another."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def send_signal(self, signal: int, /) -> None: ...

    def kill(self) -> None: ...


class Born:
    """A process of the nursery's."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int, /) -> None:
        """Send it; nothing happens if it has ended, whether that is known here yet or not."""
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def end(self, ending: int) -> None:
        self._ended.set_result(ending)


class Nursery:
    """Has processes forked; one order at a time."""

    def __init__(self, line: socket.socket, reader: asyncio.StreamReader) -> None:
        self._line, self._reader = line, reader
        self._children: dict[int, Born] = {}
        self._births: asyncio.Queue[Born] = asyncio.Queue()
        self._turn = asyncio.Lock()

    async def bear(
        self, module: Sequence[str], environment: Mapping[str, str], output: IO[bytes]
    ) -> Process:
        """Start `python -m module …`; its output goes to the file."""
        order = json.dumps([module[0], module[1:], dict(environment)])
        async with self._turn:
            socket.send_fds(self._line, [order.encode()], [output.fileno()])
            return await self._births.get()

    async def listen(self) -> None:
        """Hear of births and ends until the nursery is closed."""
        while said := await self._reader.readline():
            pid, ending = json.loads(said)
            if ending is None:
                self._children[pid] = Born(pid)
                self._births.put_nowait(self._children[pid])
            else:
                self._children.pop(pid).end(ending)


@asynccontextmanager
async def a_nursery() -> AsyncIterator[Nursery]:
    """A nursery for a while; whatever still lives there ends with it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.nursery", str(theirs.fileno())),
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    nursery = Nursery(ours, reader)
    listening = asyncio.create_task(nursery.listen())
    yield nursery
    writer.write_eof()
    await process.wait()
    await listening
    writer.close()


@pytest.fixture(scope="session", name="nursery")
async def _nursery() -> AsyncIterator[Nursery]:
    """The one of this pytest process, for whatever folder; to load everything takes long."""
    async with a_nursery() as found:
        yield found
