"""Straight to the driver, inside a unit of work, for the hot paths.

Measured: a statement through SQLAlchemy's async layer costs about twice what it costs through
asyncpg, and opening and closing a session as much as three statements. Intake and chunks send a
handful of statements for hundreds of rows and take their arrays as they are. JSON goes in as text
and comes out parsed, as SQLAlchemy has set the connection up.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg

from app.core.db import Session

Row = asyncpg.Record
Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Direct:
    """A unit of work without a session; `info` is what a session's would be."""

    driver: Driver
    info: dict[str, Any] = field(default_factory=dict)


# What the hot paths take: either way the driver's connection is in an open transaction.
Transaction: TypeAlias = Session | Direct


async def driver_of(transaction: Transaction) -> Driver:
    """asyncpg's connection of this unit of work; its transaction is already open."""
    if isinstance(transaction, Direct):
        return transaction.driver
    connection = await transaction.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    driver: Driver = raw
    return driver
