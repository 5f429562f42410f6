"""The migrations lead up, down and up again, and end where the models are."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from types import ModuleType

import asyncpg
import pytest

from app.core import migrations
from app.criteria.sql_functions import SQL_FUNCTIONS
from tests.guards.sources import ROOT

_LEFT = """
SELECT relname::text AS name FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')
   AND relname <> 'alembic_version'
UNION ALL
SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT polname::text FROM pg_policy
"""


@pytest.fixture
async def empty_database(database_url: str) -> AsyncIterator[str]:
    """A database without any schema, beside the suite's."""
    server, _, name = database_url.rpartition("/")
    name = f"{name}_migrated"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


async def left_in(database_url: str) -> set[str]:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(_LEFT)
    await connection.close()
    return {row["name"] for row in rows}


async def test_up_down_and_up_again(empty_database: str) -> None:
    await asyncio.to_thread(migrations.upgrade, empty_database)
    first = await left_in(empty_database)
    await asyncio.to_thread(migrations.downgrade, empty_database, "base")
    between = await left_in(empty_database)
    await asyncio.to_thread(migrations.upgrade, empty_database)

    assert first
    assert between == set()
    assert await left_in(empty_database) == first


async def test_the_migrated_schema_is_that_of_the_models(database_url: str) -> None:
    await asyncio.to_thread(migrations.check, database_url)


def test_the_functions_of_criteria_are_those_of_the_migration() -> None:
    frozen = {sql.strip() for sql in _module("0004_walls").FUNCTIONS}

    assert {sql.strip() for sql in SQL_FUNCTIONS} <= frozen


def _module(name: str) -> ModuleType:
    path = ROOT / "alembic" / "versions" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
