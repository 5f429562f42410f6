"""Real API and worker processes, to be killed, and what the tests wait by."""

import asyncio
import itertools
import os
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import httpx

from tests.faults.births import ROOT, Nursery, Process

__all__ = [
    "API",
    "PATIENCE_SECONDS",
    "ROOT",
    "UNUSED",
    "WORKER",
    "Process",
    "Processes",
    "answers",
    "is_stopped",
    "kill",
    "until",
    "until_stopped",
]

# A client that is not told loads everybody's certificates first, which takes as long as the rest.
UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
API, WORKER = ("app", "serve"), ("workers.main",)
# What has not come by then never comes: no machine is so slow.
PATIENCE_SECONDS = 240.0


class Processes:
    """Everything a test started; ended with the test, however it ends.

    Args:
        nursery: where they are born; else each is loaded from the beginning.
    """

    def __init__(
        self, environment: Mapping[str, str], logs: Path, nursery: Nursery | None = None
    ) -> None:
        self._environment = {**os.environ, **environment}
        self._logs = logs
        self._nursery = nursery
        self._files: list[IO[bytes]] = []
        self._numbers = itertools.count()
        self.running: list[Process] = []
        self.are_ended = False

    async def start(self, *module: str, through: Sequence[str] = (), **settings: str) -> Process:
        """Start `python -m module …`; its output goes to a log of its own.

        Args:
            through: a command that runs the one it is given, e.g. in a namespace.
        """
        log = (self._logs / f"{next(self._numbers):03}-{module[-1]}.log").open("wb")
        self._files.append(log)
        environment = {**self._environment, **settings}
        process: Process
        if self._nursery is not None and module in (API, WORKER) and not through:
            process = await self._nursery.bear(module, environment, log)
        else:
            process = await asyncio.create_subprocess_exec(
                *(*through, sys.executable, "-m", *module),
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        self.running.append(process)
        return process

    async def api(self, port: int, through: Sequence[str] = (), **settings: str) -> Process:
        """Start an API and wait until it answers."""
        process = await self.start(*API, through=through, PENSTOCK_HTTP__PORT=str(port), **settings)
        await until(lambda: answers(port))
        return process

    async def worker(self, **settings: str) -> Process:
        return await self.start(*WORKER, **settings)

    async def end(self) -> None:
        """Kill whatever still runs."""
        self.are_ended = True
        for process in self.running:
            if process.returncode is None:
                process.kill()
            await process.wait()
        for log in self._files:
            log.close()

    def output(self) -> str:
        """What all of them printed."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._logs.iterdir()))


async def answers(port: int) -> bool:
    """Whether an API answers there."""
    async with httpx.AsyncClient(trust_env=False, verify=UNUSED) as http:
        try:
            found = await http.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.TransportError:
            return False
    return found.status_code == 200


async def kill(process: Process) -> None:
    """kill -9, and wait until it is gone."""
    process.send_signal(signal.SIGKILL)
    await process.wait()


def is_stopped(process: Process) -> bool:
    """Whether it stands still, by SIGSTOP."""
    try:
        said = Path(f"/proc/{process.pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return said.rpartition(")")[2].split()[0] == "T"


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again until it holds; fail when the time is over."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  (other processes have no event to wait for)
            await asyncio.sleep(0.02)


async def until_stopped(process: Process) -> None:
    """Wait until it stands still, by SIGSTOP of its own or of others."""

    async def stands_still() -> bool:
        return is_stopped(process)

    await until(stands_still)
