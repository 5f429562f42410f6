"""Real processes that run code: an API, workers, and what a client sees of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

from tests.code_runs.making import Json
from tests.faults.ground import Stand
from tests.faults.processes import Process, until


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
        told = {
            "PENSTOCK_CODE__SCRATCH": str(self.scratch),
            "PENSTOCK_CODE__FIRST_USER": str(self.first_user),
            "PENSTOCK_CODE__USERS": str(self.users),
            "PENSTOCK_CODE__GRACE": "PT0.3S",
            "PENSTOCK_SCORING__LEASE": "PT1S",
            "PENSTOCK_SANDBOX": "true",
        }
        return await self.stand.processes.worker(**(told | settings))

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
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def attempts_of(run: Json) -> list[tuple[int, str]]:
    """What became of each attempt."""
    found: list[dict[str, Any]] = run["details"]["attempts"]
    return [(one["attempt"], one["ending"]) for one in found]
