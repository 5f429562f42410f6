"""Real processes that run code: an API, workers, and what a client sees of them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

from tests.code_runs.making import Json
from tests.faults.ground import Stand
from tests.faults.processes import PATIENCE_SECONDS, Process, until


@dataclass
class Service:
    """One API, and workers with a scratch folder of their own."""

    stand: Stand
    scratch: Path
    first_user: int
    users: int

    @property
    def http(self) -> httpx.AsyncClient:
        return self.stand.http

    async def worker(self, **settings: str) -> Process:
        """One that has as long as any to renew what it holds."""
        told = {
            "PENSTOCK_CODE__SCRATCH": str(self.scratch),
            "PENSTOCK_CODE__FIRST_USER": str(self.first_user),
            "PENSTOCK_CODE__USERS": str(self.users),
            "PENSTOCK_CODE__GRACE": "PT0.3S",
            "PENSTOCK_SANDBOX": "true",
        }
        return await self.stand.processes.worker(**(told | settings))

    async def gone(self, worker: Process) -> None:
        """Wait until a worker has ended, and then no longer for the leases that it left."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await worker.wait()
        await self.stand.fetch("UPDATE pending_runs SET leased_until = clock_timestamp()")

    async def read(self, run_id: UUID) -> Json:
        run: Json = (await self.http.get(f"/v1/runs/{run_id}")).json()
        return run

    async def ended(self, run_id: UUID) -> Json:
        """The run, once it has ended."""

        async def is_over() -> bool:
            return (await self.read(run_id))["state"] not in ("queued", "running")

        await until(is_over)
        return await self.read(run_id)

    async def says(self, run_id: UUID, text: str) -> None:
        """Wait until a line of the log is this text."""

        async def is_said() -> bool:
            return text in await self.texts(run_id)

        await until(is_said)

    async def texts(self, run_id: UUID) -> list[str]:
        answer = await self.http.get(f"/v1/runs/{run_id}/log", params={"limit": 1000})
        return [line["text"] for line in answer.json()["items"]]


def sandboxes_of(process: Process) -> list[psutil.Process]:
    """The processes that a worker has started, and theirs."""
    return psutil.Process(process.pid).children(recursive=True)


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(_is_there(one) for one in processes)


def _is_there(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def attempts_of(run: Json) -> list[tuple[int, str]]:
    """What became of each attempt."""
    found: list[dict[str, Any]] = run["details"]["attempts"]
    return [(one["attempt"], one["ending"]) for one in found]
