"""Our arm for files: the API and two workers, fresh, with the file's campaigns and rules.

An import counts from the moment its upload is complete until its run has ended; then every row is
looked up.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from tests.bench import penstock
from tests.bench.errors import Wrong
from tests.bench.files import arrivals
from tests.bench.files.sheet import CAMPAIGNS, FIVE_RULES
from tests.bench.service import Service
from tests.bench.stand import TEMPLATE, Stand

_WORKERS = ("worker 1", "worker 2")
_SETTINGS = {"owners": ["ada", "grace"]}
_LONGEST_SECONDS = 900.0
_LOOK_SECONDS = 0.1
# What a backend has done is counted once it has been idle for a moment.
_COUNTED_SECONDS = 2.0
_BLOCK_BYTES = 2**20
_ENDED = "SELECT finished_at IS NOT NULL FROM runs WHERE id = $1"
_COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
_WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
_UNFINISHED = """
SELECT count(*) FROM responses WHERE status LIKE 'Pending%' OR resolved_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: how long it took, and what it cost the servers."""

    rows: int
    seconds: float
    wal_bytes: int
    commits: int
    jobs: int

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


@dataclass(frozen=True, slots=True)
class _Meter:
    """What the servers had done at some moment, our own looks at the run left out."""

    wal_bytes: int
    commits: int
    jobs: int


class Importer:
    """Imports into one arm, one after the other."""

    def __init__(self, service: Service, redis_url: str) -> None:
        self.service = service
        self._redis_url = redis_url
        self._looks = 0

    async def take(self, path: Path, rows: int, *, user: str) -> Imported:
        """Import a file as a user who has not sent it before."""
        upload = await self.upload(path, user=user)
        await self.service.stand.quiet()
        before = await self._meter()
        seconds = await self.complete(upload, rows)
        await asyncio.sleep(_COUNTED_SECONDS)
        after = await self._meter()
        return Imported(
            rows,
            seconds,
            after.wal_bytes - before.wal_bytes,
            after.commits - before.commits,
            after.jobs - before.jobs,
        )

    async def upload(self, path: Path, *, user: str) -> "Upload":
        """Send the whole content; nothing starts."""
        key = await penstock.make_key(self.service.stand, self.service.database_url, user)
        async with self._http(key) as http:
            opened = await http.post("/uploads", json={"object": "responses"})
            penstock.require(opened)
            where = f"/uploads/{opened.json()['id']}"
            penstock.require(await http.put(f"{where}/content", content=_blocks(path)))
        return Upload(where, key)

    async def complete(self, upload: "Upload", rows: int) -> float:
        """Start the import, and see every row of it to its end; seconds.

        Raises:
            Wrong: a row is missing, is there twice, or is not resolved.
        """
        stand, url = self.service.stand, self.service.database_url
        async with self._http(upload.key) as http, stand.owner(url) as owner:
            began = time.perf_counter()
            completed = await http.patch(upload.where, json={"state": "UploadComplete"})
            penstock.require(completed)
            run_id = completed.json()["run_id"]
            while not await owner.fetchval(_ENDED, run_id):
                if time.perf_counter() - began > _LONGEST_SECONDS:
                    raise Wrong("an import does not end")
                self.service.require_alive()
                self._looks += 1
                await asyncio.sleep(_LOOK_SECONDS)
            seconds = time.perf_counter() - began
            if await owner.fetchval(penstock.UNRESOLVED):
                raise Wrong("an import has ended before its rows")
            run = await http.get(f"/runs/{run_id}")
        penstock.require(run)
        _require_all(run.json(), rows)
        self.service.rows_sent += rows
        return seconds

    async def require_all(self) -> None:
        """Every row of all files and requests has made a response, and each has its end."""
        await self.service.require_count(
            penstock.TAKEN_IN, self.service.rows_sent, "responses taken in"
        )
        await self.service.require_count(_UNFINISHED, 0, "responses without a final status")

    async def tidy(self) -> None:
        """Do what autovacuum does some time after an import, so that no import meets it."""
        async with self.service.stand.owner(self.service.database_url) as owner:
            await owner.execute("VACUUM (ANALYZE)")

    def peaks(self) -> dict[str, int]:
        """The most memory of each process; of the workers, the one that needed more comes first."""
        api, *workers = (self.service.processes[name] for name in ("api", *_WORKERS))
        larger, smaller = sorted((worker.peak_bytes() for worker in workers), reverse=True)
        return {"api": api.peak_bytes(), "larger worker": larger, "smaller worker": smaller}

    async def _meter(self) -> _Meter:
        async with self.service.stand.owner(self.service.database_url) as owner:
            wal, commits = await owner.fetchval(_WAL), await owner.fetchval(_COMMITS)
        redis = Redis.from_url(self._redis_url)
        told = await redis.info("commandstats")
        await redis.aclose()
        # arq puts a job into its queue by a ZADD; nothing else of ours calls it.
        return _Meter(int(wal), commits - self._looks, told.get("cmdstat_zadd", {}).get("calls", 0))

    def _http(self, key: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.service.port}/v1",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=300,
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole file that waits to be started, and the key of whoever sent it."""

    where: str
    key: str


@asynccontextmanager
async def importer(stand: Stand) -> AsyncIterator[Importer]:
    """The arm, awake, on a database of its own; all settings but the owners are the defaults."""
    key = await penstock.prepare(stand)
    redis_url = stand.redis_url()
    async with stand.database(template=TEMPLATE) as url:
        service = Service(stand, url, token=key)
        environment = penstock.settings_of(url, redis_url)
        async with service.living():
            port = {"PENSTOCK_HTTP__PORT": str(service.port)}
            service.start("api", "app", "serve", settings=environment | port)
            for name in _WORKERS:
                service.start(name, "workers.main", settings=environment)
            await service.until_answering("/healthz")
            campaigns = [*CAMPAIGNS, arrivals.CAMPAIGN]
            await penstock.configure(service, campaigns, FIVE_RULES, _SETTINGS)
            yield Importer(service, redis_url)


def _require_all(run: dict[str, Any], rows: int) -> None:
    counts = {name: run[name] for name in ("total", "succeeded", "skipped", "failed")}
    if run["state"] != "succeeded" or counts != {
        "total": rows,
        "succeeded": rows,
        "skipped": 0,
        "failed": 0,
    }:
        raise Wrong(f"an import of {rows:,} rows has {run['state']}: {counts} {run['error']}")


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
