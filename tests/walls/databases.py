"""Databases beside the suite's own, at the newest schema, where no other test comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests import servers
from tests.responses.engine_making import as_owner

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
    async with servers.a_database() as database_url:
        if not has_row_security:
            await as_owner(database_url, _TAKE_WALLS_DOWN)
        yield database_url
