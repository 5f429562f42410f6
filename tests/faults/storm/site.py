"""The site of a storm: servers of its own, two APIs, two workers, all of them supervised."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey
from tests.code_users import STORM, USERS
from tests.faults.ground import Ground, furnish, ground_on
from tests.faults.services import Door, Service, worker
from tests.ports import free_port

LEASE_SECONDS = 3
CONNECTIONS = 70
_SETTINGS = {
    "PENSTOCK_SANDBOX": "true",
    "PENSTOCK_SCORING__LEASE": f"PT{LEASE_SECONDS}S",
    "PENSTOCK_DATABASE__IDLE_TIMEOUT": "PT2S",
    "PENSTOCK_IMPORTS__CHUNK_ROWS": "10",
    "PENSTOCK_CODE__FIRST_USER": str(STORM),
    "PENSTOCK_CODE__USERS": str(USERS),
    "PENSTOCK_CODE__GRACE": "PT0.3S",
    "PENSTOCK_CODE__RUNNING": "4",
}


@dataclass(frozen=True)
class Site:
    """Everything that can be hit, and a lock for each thing that is hit at one time only."""

    ground: Ground
    postgres: Postgres
    valkey: Valkey
    doors: list[Door]
    workers: list[Service]
    database_busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    valkey_busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def services(self) -> list[Service]:
        return [*self.doors, *self.workers]


def _a_folder() -> Path:
    """One that every user may pass through: PostgreSQL runs as one of its own."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-storm-"))
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def a_site() -> AsyncIterator[Site]:
    """A site that is up; its files go with it."""
    folder = _a_folder()
    settings = {"max_connections": str(CONNECTIONS), "shared_buffers": "128MB"}
    postgres = Postgres(
        folder / "postgres",
        password="storm",
        log=folder / "postgres.log",
        port=free_port(),
        settings=settings,
    )
    valkey = Valkey(
        folder / "valkey", password="storm", log=folder / "valkey.log", port=free_port()
    )
    services: list[Service] = []
    try:
        await postgres.start()
        await postgres.create_database()
        await valkey.start()
        keys = await furnish(postgres.url())
        ground = ground_on(postgres.url(), valkey, keys, folder / "logs")
        processes = ground.processes
        settings = _SETTINGS | {"PENSTOCK_CODE__SCRATCH": str(folder / "code")}
        doors = [Door(processes, **settings) for _ in range(2)]
        workers = [worker(processes, **settings) for _ in range(2)]
        services += [*doors, *workers]
        for service in services:
            await service.start()
        yield Site(ground, postgres, valkey, doors, workers)
        await asyncio.gather(*(service.end() for service in services))
        services.clear()
        await processes.end()
    finally:
        for service in services:
            await service.end()
        await valkey.kill()
        await postgres.destroy()
        shutil.rmtree(folder, ignore_errors=True)
