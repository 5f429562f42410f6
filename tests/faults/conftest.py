"""Grounds and stands: a database and a Valkey of each test's own, and real processes on them."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo.sending import connecting
from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey
from tests import servers
from tests.faults.births import Nursery
from tests.faults.ground import Ground, Keys, Stand, a_copy, furnish, ground_on
from tests.ports import free_port
from tests.servers import POSTGRES


@dataclass(frozen=True)
class Template:
    """A database to be copied, and the keys that work in every copy."""

    name: str
    keys: Keys


@pytest.fixture(scope="session")
async def template() -> AsyncIterator[Template]:
    """Migrated and furnished once for all tests of this pytest process."""
    async with servers.a_database() as database_url:
        keys = await furnish(database_url)
        yield Template(database_url.rpartition("/")[2], keys)


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(
        tmp_path / "valkey", password="faults", log=tmp_path / "valkey.log", port=free_port()
    )
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def ground(
    tmp_path: Path, valkey: Valkey, template: Template, nursery: Nursery
) -> AsyncIterator[Ground]:
    """A copy of the template and a Valkey; nothing of ours runs."""
    server = os.environ[POSTGRES]
    async with a_copy(server, template=template.name) as name:
        url, logs = f"{server}/{name}", tmp_path / "logs"
        ground = ground_on(url, valkey, template.keys, logs, nursery)
        yield ground
        await ground.processes.end()


@pytest.fixture
async def stand(ground: Ground) -> AsyncIterator[Stand]:
    """One API, no workers yet, a key of `marketo` with every scope."""
    port = free_port()
    await ground.processes.api(port)
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])
    async with connect() as http:
        yield Stand(
            ground.database_url, ground.valkey, ground.processes, ground.keys, http, connect
        )


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that every user may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="penstock-faults-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def own_postgres(directory: Path) -> AsyncIterator[Postgres]:
    """A server of the test's own, to be killed; small, so that its connections run out."""
    server = Postgres(
        directory / "postgres",
        password="faults",
        log=directory / "postgres.log",
        port=free_port(),
        settings={"max_connections": "40", "shared_buffers": "64MB"},
    )
    await server.start()
    await server.create_database()
    yield server
    await server.destroy()


@pytest.fixture
async def own_ground(
    own_postgres: Postgres, valkey: Valkey, tmp_path: Path, nursery: Nursery
) -> AsyncIterator[Ground]:
    """A ground on that server."""
    keys = await furnish(own_postgres.url())
    ground = ground_on(own_postgres.url(), valkey, keys, tmp_path / "logs", nursery)
    yield ground
    await ground.processes.end()
