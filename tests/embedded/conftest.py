import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.embedded import Postgres, Valkey


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that every user may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="penstock-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def postgres(directory: Path) -> AsyncIterator[Postgres]:
    server = Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log")
    await server.start()
    yield server
    await server.destroy()


@pytest.fixture
async def valkey(directory: Path) -> AsyncIterator[Valkey]:
    server = Valkey(directory / "valkey", password="s3cret", log=directory / "valkey.log")
    await server.start()
    yield server
    await server.kill()
