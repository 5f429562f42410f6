"""Identifiers: UUID version 7, so that newer rows sort after older ones.

They are of the kind that the driver reads from the database: made, hashed and sent in a third of
the time that Python's own take, and equal to them in everything else.
"""

from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7 as _uuid7

__all__ = ["NIL", "uuid7"]

NIL = UUID(int=0)


def uuid7() -> UUID:
    """A new identifier; within one process each is greater than the one before."""
    made: UUID = pgproto.UUID(_uuid7().bytes)
    return made
