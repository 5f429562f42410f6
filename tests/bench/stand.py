"""The ground all arms stand on: one PostgreSQL with its safeguards on, one Valkey.

Started by the code of `penstock up`. Each arm has a database of its own; those with our schema
are copies of one that was migrated and given an account and a key once.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from app.embedded.environment import python_module
from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey
from tests.bench.errors import Wrong

TEMPLATE = "bench_template"
SAFEGUARDS = ("fsync", "synchronous_commit", "full_page_writes")
# The second tells when a row was durable; it costs ten bytes a transaction.
_SETTINGS = {"log_line_prefix": "%m [%p] %e ", "track_commit_timestamp": "on"}
_BUSY = """
SELECT count(*) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND (state = 'active' OR backend_type = 'autovacuum worker')
"""
_QUIET_LOOKS, _QUIET_PAUSE_SECONDS = 100, 0.05


class Stand:
    """The servers, and how an arm gets its share of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres_log = folder / "postgres.log"
        self.postgres = Postgres(
            folder / "postgres", password="bench", log=self.postgres_log, settings=_SETTINGS
        )
        self.valkey = self.new_valkey()
        self._names = count(1)
        self._redis = count(0)

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator["Stand"]:
        """Servers that are up; they and their data are gone afterwards."""
        stand = cls(_new_folder())
        try:
            await stand.postgres.start()
            await stand.valkey.start()
            await stand._require_safeguards()
            yield stand
        finally:
            await stand.valkey.kill()
            await stand.postgres.destroy()
            shutil.rmtree(stand.folder, ignore_errors=True)

    def new_valkey(self) -> Valkey:
        """One more Valkey, not yet started."""
        folder = Path(tempfile.mkdtemp(prefix="valkey-", dir=self.folder))
        return Valkey(folder / "data", password="bench", log=folder / "valkey.log")

    def redis_url(self) -> str:
        """A database of the common Valkey that no living arm uses."""
        return self.valkey.url(next(self._redis) % 16)

    def log(self, name: str) -> Path:
        """A fresh log, in a folder in which no `.env` can lie."""
        return self.folder / f"{next(self._names)}-{name}.log"

    @asynccontextmanager
    async def database(self, *, template: str | None = None) -> AsyncIterator[str]:
        """The address of a new database; it is gone afterwards."""
        name = f"arm_{next(self._names)}"
        await self.postgres.create_database(name, template=template)
        try:
            yield self.postgres.url(name)
        finally:
            await self.postgres.drop_database(name)

    async def quiet(self) -> None:
        """Wait until nothing is at work on the server, then write out what is dirty."""
        async with self.owner() as connection:
            for _ in range(_QUIET_LOOKS):
                if not await connection.fetchval(_BUSY):
                    break
                await asyncio.sleep(_QUIET_PAUSE_SECONDS)
            await connection.execute("CHECKPOINT")

    async def show(self, setting: str) -> str:
        async with self.owner() as connection:
            return str(await connection.fetchval(f"SHOW {setting}"))

    @asynccontextmanager
    async def owner(self, url: str | None = None) -> AsyncIterator[asyncpg.Connection]:
        """The server's owner, who is behind no wall; in the maintenance database by default."""
        connection = await asyncpg.connect(url or self.postgres.url("postgres"), ssl=False)
        try:
            yield connection
        finally:
            await connection.close()

    async def ask(self, url: str, sql: str, *values: Any) -> Any:
        """One value of an arm's database."""
        async with self.owner(url) as connection:
            return await connection.fetchval(sql, *values)

    async def _require_safeguards(self) -> None:
        for setting in SAFEGUARDS:
            if await self.show(setting) != "on":
                raise Wrong(f"{setting} is not on: what is acknowledged would not be durable")


def _new_folder() -> Path:
    """One that the user of PostgreSQL may enter."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-bench-"))
    folder.chmod(0o755)
    return folder


async def command(*words: str, settings: dict[str, str], cwd: Path) -> str:
    """Run a command of ours to its end; what it printed.

    Raises:
        Wrong: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        *python_module(*words),
        env=settings,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        raise Wrong(f"`{' '.join(words)}` failed: {err.decode(errors='replace')[-500:]}")
    return out.decode().strip()
