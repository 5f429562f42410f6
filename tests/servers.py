"""The servers of the suite: each pytest process that runs tests has its own PostgreSQL and Valkey.

One server for two processes would let them meet although each has databases of its own: whatever
is numbered by transactions waits for the eldest one of the whole server, whosever it is. They are
started from the embedded wheels; processes that a test starts find them by two environment
variables.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.core import migrations
from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey

POSTGRES, REDIS = "TEST_SUITE_POSTGRES", "TEST_SUITE_REDIS"
_started: list[Postgres | Valkey] = []
_folders: list[Path] = []
_migrated: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if not runs_tests or POSTGRES in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="penstock-tests-"))
    folder.chmod(0o755)
    postgres = Postgres(
        folder / "postgres",
        password="suite",
        log=folder / "postgres.log",
        # The processes of a test, and the suite's own, are more than those of a stack.
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


def pids() -> set[int]:
    """Of the servers that this process has started."""
    return {server.pid for server in _started if server.pid is not None}


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ[REDIS]


@pytest.fixture(scope="session")
async def database_url() -> AsyncIterator[str]:
    """The database of this pytest process, at the newest schema."""
    async with a_database() as found:
        yield found


@asynccontextmanager
async def a_database() -> AsyncIterator[str]:
    """The address of a database at the newest schema, for a while; its name is nobody else's."""
    server, name = os.environ[POSTGRES], f"test_{uuid.uuid4().hex[:12]}"
    if not _migrated:
        # Migrated once and copied: it takes longer than most tests.
        first = f"migrated_{uuid.uuid4().hex[:12]}"
        await _execute(server, f'CREATE DATABASE "{first}"')
        await asyncio.to_thread(migrations.upgrade, f"{server}/{first}")
        _migrated.append(first)
    await _execute(server, copying(_migrated[0], name))
    yield f"{server}/{name}"
    await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def copying(template: str, name: str) -> str:
    """The order for a database as the template is; its files are copied, a third of what it costs
    to write them by way of the log.
    """
    return f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'


async def _execute(server: str, sql: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(sql)
    await connection.close()
