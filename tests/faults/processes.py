"""Real API and worker processes on a database of their own, to be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).parents[2]


class Processes:
    """Everything a test started; ended with the test, however it ends."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._logs = logs
        self._files: list[IO[bytes]] = []
        self.running: list[asyncio.subprocess.Process] = []

    async def start(self, *module: str, **settings: str) -> asyncio.subprocess.Process:
        """Start `python -m module …`; its output goes to a log of its own."""
        log = (self._logs / f"{len(self.running)}-{module[-1]}.log").open("wb")
        self._files.append(log)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            env={**self._environment, **settings},
            cwd=ROOT,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
        self.running.append(process)
        return process

    async def api(self, port: int) -> asyncio.subprocess.Process:
        """Start an API and wait until it answers."""
        process = await self.start("app", "serve", PENSTOCK_HTTP__PORT=str(port))
        async with httpx.AsyncClient(trust_env=False) as http:

            async def answers() -> bool:
                try:
                    found = await http.get(f"http://127.0.0.1:{port}/healthz")
                except httpx.TransportError:
                    return False
                return found.status_code == 200

            await until(answers, seconds=30)
        return process

    async def worker(self) -> asyncio.subprocess.Process:
        return await self.start("workers.main")

    async def end(self) -> None:
        """Kill whatever still runs."""
        for process in self.running:
            if process.returncode is None:
                process.kill()
            await process.wait()
        for log in self._files:
            log.close()

    def output(self) -> str:
        """What all of them printed."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._logs.iterdir()))


async def kill(process: asyncio.subprocess.Process) -> None:
    """kill -9, and wait until it is gone."""
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Look again and again until it holds; fail when the time is over."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  (other processes have no event to wait for)
            await asyncio.sleep(0.02)
