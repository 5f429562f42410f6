"""A stack of real processes for one test: its own database and its own Valkey."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from app.accounts.provision import issue_key
from app.core import migrations
from app.core.resources import Resources
from app.core.settings import Settings
from app.demo.sending import Connect, connecting
from app.embedded.ports import free_port
from app.embedded.valkey import Valkey
from tests.conftest import ACCOUNT_SCOPES
from tests.faults.processes import Processes
from tests.servers import POSTGRES

SECRET = "a secret of the fault tests, long enough"


@dataclass(frozen=True)
class Stand:
    """What a fault test stands on."""

    database_url: str
    valkey: Valkey
    processes: Processes
    http: httpx.AsyncClient
    connect: Connect

    async def fetch(self, sql: str) -> list[asyncpg.Record]:
        """Ask the database itself, as its owner."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    async def count(self, sql: str) -> int:
        return int((await self.fetch(sql))[0][0])


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(tmp_path / "valkey", password="faults", log=tmp_path / "valkey.log")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def stand(tmp_path: Path, valkey: Valkey) -> AsyncIterator[Stand]:
    """One API, no workers yet, a key of `marketo` with every scope."""
    server, name = os.environ[POSTGRES], f"fault_{uuid.uuid4().hex[:12]}"
    owner = await asyncpg.connect(f"{server}/postgres")
    await owner.execute(f'CREATE DATABASE "{name}"')
    url = f"{server}/{name}"
    await asyncio.to_thread(migrations.upgrade, url)
    (tmp_path / "logs").mkdir()
    environment = {
        "PENSTOCK_DATABASE_URL": url,
        "PENSTOCK_REDIS_URL": valkey.url(),
        "PENSTOCK_SECRET_KEY": SECRET,
    }
    processes = Processes(environment, tmp_path / "logs")
    settings = Settings(
        database_url=SecretStr(url),
        redis_url=SecretStr(valkey.url()),
        secret_key=SecretStr(SECRET),
    )
    async with Resources(settings) as resources:
        key = await issue_key(resources, account="acme", user="marketo", scopes=ACCOUNT_SCOPES)
    port = free_port()
    await processes.api(port)
    connect = connecting(f"http://127.0.0.1:{port}", str(key))
    async with connect() as http:
        yield Stand(url, valkey, processes, http, connect)
    await processes.end()
    await owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await owner.close()
