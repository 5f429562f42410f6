"""What a fault test stands on: a database, a Valkey, keys; no process of ours yet."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from pydantic import SecretStr

from app.accounts.provision import issue_key
from app.core import migrations
from app.core.auth import Scope
from app.core.resources import Resources
from app.core.settings import Settings
from app.demo.sending import Connect
from app.embedded.valkey import Valkey
from tests.conftest import ACCOUNT_SCOPES
from tests.faults.births import Nursery, Process
from tests.faults.processes import Processes
from tests.servers import copying

SECRET = "a secret of the fault tests, long enough"
USERS = (("acme", "marketo"), ("acme", "eloqua"), ("globex", "marketo"))


@dataclass(frozen=True)
class Keys:
    """A key for each (account, user), and one of the installation."""

    of: dict[tuple[str, str], str]
    platform: str


@dataclass(frozen=True)
class Ground:
    database_url: str
    valkey: Valkey
    processes: Processes
    keys: Keys

    async def fetch(self, sql: str) -> list[asyncpg.Record]:
        """Ask the database itself, as its owner."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    async def count(self, sql: str) -> int:
        return int((await self.fetch(sql))[0][0])

    async def end_leases_of(self, worker: Process) -> None:
        """What a worker that is dead, or stands still, has taken is free, as time would free it."""
        for table in ("lanes", "pending_runs"):
            await self.fetch(
                f"UPDATE {table} SET leased_until = clock_timestamp()"
                f" WHERE holder ~ ':{worker.pid}( |$)'"
            )


@dataclass(frozen=True)
class Stand(Ground):
    """A ground with one API, seen by `marketo` of `acme`; no workers yet."""

    http: httpx.AsyncClient
    connect: Connect


def ground_on(
    database_url: str,
    valkey: Valkey,
    keys: Keys,
    logs: Path,
    nursery: Nursery | None = None,
    **settings: str,
) -> Ground:
    """A ground on servers that are there; its processes are born in the nursery, if any.

    Args:
        settings: of all its processes.
    """
    logs.mkdir(exist_ok=True)
    environment = {
        "PENSTOCK_DATABASE_URL": database_url,
        "PENSTOCK_REDIS_URL": valkey.url(),
        "PENSTOCK_SECRET_KEY": SECRET,
        "PENSTOCK_FILES__URL": f"file:{logs.parent / 'files'}",
        **settings,
    }
    return Ground(database_url, valkey, Processes(environment, logs, nursery), keys)


def settings_of(database_url: str) -> Settings:
    """For what a test itself does with the database; it rings nobody."""
    return Settings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
        secret_key=SecretStr(SECRET),
    )


async def furnish(database_url: str) -> Keys:
    """Bring an empty database to the newest schema, with accounts and keys."""
    await asyncio.to_thread(migrations.upgrade, database_url)
    async with Resources(settings_of(database_url)) as resources:
        of = {
            (account, user): str(
                await issue_key(resources, account=account, user=user, scopes=ACCOUNT_SCOPES)
            )
            for account, user in USERS
        }
        platform = await issue_key(resources, account=None, user="op", scopes=[Scope.PLATFORM])
    return Keys(of, str(platform))


@asynccontextmanager
async def a_copy(server: str, *, template: str) -> AsyncIterator[str]:
    """A database for a while, as the template is; yields its name."""
    name = f"fault_{uuid.uuid4().hex[:12]}"
    owner = await asyncpg.connect(f"{server}/postgres")
    try:
        await owner.execute(copying(template, name))
        yield name
        await owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await owner.close()
