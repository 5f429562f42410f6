"""The servers of the suite."""

import asyncio
import os
import uuid

import asyncpg
import pytest

from app.core import migrations


async def _create_database(server: str, name: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return os.environ["PENSTOCK_TEST_POSTGRES"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ["PENSTOCK_TEST_REDIS"]


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> str:
    """A database of this pytest process, at the newest schema."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(_create_database(postgres_url, name))
    url = f"{postgres_url}/{name}"
    migrations.upgrade(url)
    return url
