"""Databases beside the suite's own, at the newest schema, where no other test comes."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core import migrations
from tests.responses.engine_making import as_owner
from tests.servers import POSTGRES

_TAKE_WALLS_DOWN = """
    DO $$ DECLARE walled regclass; BEGIN
        FOR walled IN SELECT oid FROM pg_class WHERE relrowsecurity LOOP
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', walled);
        END LOOP;
    END $$
"""


@asynccontextmanager
async def a_database(*, has_row_security: bool = True) -> AsyncIterator[str]:
    """The address of a new database, dropped at the end of the block."""
    server, name = os.environ[POSTGRES], f"walls_{uuid.uuid4().hex[:12]}"
    await as_owner(f"{server}/postgres", f'CREATE DATABASE "{name}"')
    await asyncio.to_thread(migrations.upgrade, f"{server}/{name}")
    if not has_row_security:
        await as_owner(f"{server}/{name}", _TAKE_WALLS_DOWN)
    yield f"{server}/{name}"
    await as_owner(f"{server}/postgres", f'DROP DATABASE "{name}" WITH (FORCE)')
