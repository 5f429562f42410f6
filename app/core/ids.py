"""Identifiers: UUID version 7, so that newer rows sort after older ones.

They are of the kind that the driver reads from the database: made, hashed and sent in a third of
the time that Python's own take, and equal to them in everything else.
"""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7 as _uuid7

__all__ = ["NIL", "uuid7", "uuid7_at"]

NIL = UUID(int=0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7() -> UUID:
    """A new identifier; within one process each is greater than the one before."""
    made: UUID = pgproto.UUID(_uuid7().bytes)
    return made


def uuid7_at(moment: datetime) -> UUID:
    """An identifier that sorts by this moment, to the millisecond; at random among its equals."""
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    chance = bytearray(secrets.token_bytes(10))
    chance[0] = 0x70 | chance[0] & 0x0F
    chance[2] = 0x80 | chance[2] & 0x3F
    made: UUID = pgproto.UUID(milliseconds.to_bytes(6, "big") + chance)
    return made
