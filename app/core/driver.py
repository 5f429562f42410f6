"""Straight to the driver, inside the session's transaction, for the hot paths.

Measured: a statement through SQLAlchemy's async layer costs about twice what it costs through
asyncpg; intake and chunks send a handful each for hundreds of rows and take their arrays as they
are. JSON goes in as text and comes out parsed, as SQLAlchemy has set the connection up.
"""

from typing import Any, TypeAlias

import asyncpg

from app.core.db import Session

Row = asyncpg.Record
Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def driver_of(session: Session) -> Driver:
    """asyncpg's connection under this session; its transaction is already open."""
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    driver: Driver = raw
    return driver
