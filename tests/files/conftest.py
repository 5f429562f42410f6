"""A store of each kind, and a bucket on a server that speaks S3."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from app.core.files.opening import store_of
from app.core.files.store import FileStore
from app.core.ids import uuid7
from app.core.settings import Files
from tests.faults.processes import until
from tests.ports import free_port


@pytest.fixture(scope="session")
async def s3_address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A server of its own process, with the bucket `kept`."""
    port = free_port()
    with (tmp_path_factory.mktemp("s3") / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(trust_env=False) as http:

            async def has_bucket() -> bool:
                try:
                    return (await http.put(f"{address}/kept")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(has_bucket)
        yield address
        process.kill()
        await process.wait()


@pytest.fixture
def in_bucket(s3_address: str) -> Files:
    """A place in the bucket where no other test is."""
    return Files(
        url=f"s3://kept/{uuid7()}",
        endpoint=s3_address,
        access_key=SecretStr("any"),
        secret_key=SecretStr("any"),
        allow_http=True,
    )


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """The same tests for both."""
    if request.param == "s3":
        return store_of(request.getfixturevalue("in_bucket"))
    return store_of(Files(url=f"file:{tmp_path / 'files'}"))
