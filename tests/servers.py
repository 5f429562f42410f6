"""The servers of the suite: one PostgreSQL and one Valkey for all its processes.

The process that starts pytest starts them, from the embedded wheels, and its xdist workers find
them by two environment variables; each worker has a database of its own.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.core import migrations
from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey

POSTGRES, REDIS = "TEST_SUITE_POSTGRES", "TEST_SUITE_REDIS"
_started: list[Postgres | Valkey] = []
_folders: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or POSTGRES in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="penstock-tests-"))
    folder.chmod(0o755)
    postgres = Postgres(
        folder / "postgres",
        password="suite",
        log=folder / "postgres.log",
        # The processes of two tests at a time, and the suite's own, are more than those of a stack.
        # Nobody cuts this server off, let alone its host's power: files need not reach the disk.
        settings={"max_connections": "200", "fsync": "off", "full_page_writes": "off"},
    )
    valkey = Valkey(folder / "valkey", password="suite", log=folder / "valkey.log")

    async def start() -> None:
        await postgres.start()
        await valkey.start()

    asyncio.run(start())
    _started.extend([postgres, valkey])
    _folders.append(folder)
    os.environ[POSTGRES] = postgres.url("").rstrip("/")
    os.environ[REDIS] = valkey.url()


def pytest_unconfigure() -> None:
    async def stop() -> None:
        for server in _started:
            await server.kill()

    if _started:
        asyncio.run(stop())
        _started.clear()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ[REDIS]


@pytest.fixture(scope="session")
async def database_url() -> AsyncIterator[str]:
    """A database of this pytest process, at the newest schema."""
    server, name = os.environ[POSTGRES], f"test_{uuid.uuid4().hex[:12]}"
    await _execute(server, f'CREATE DATABASE "{name}"')
    await asyncio.to_thread(migrations.upgrade, f"{server}/{name}")
    yield f"{server}/{name}"
    await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _execute(server: str, sql: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(sql)
    await connection.close()
