"""Identifiers: UUID version 7, so that newer rows sort after older ones.

They are of the kind that the driver reads from the database: made, hashed and sent in a third of
the time that Python's own take, and equal to them in everything else.
"""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7 as _uuid7

__all__ = ["NIL", "UUID7_SQL", "uuid7", "uuid7_at", "uuid_of"]

NIL = UUID(int=0)
# A new identifier of a row that a statement makes: the time in milliseconds before what is random.
UUID7_SQL = """
encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1),
    'hex')::uuid
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7() -> UUID:
    """A new identifier; within one process each is greater than the one before."""
    made: UUID = pgproto.UUID(_uuid7().bytes)
    return made


def uuid_of(text: str) -> UUID:
    """An identifier that came as text, e.g. within a document of the database's."""
    read: UUID = pgproto.UUID(text)
    return read


def uuid7_at(moment: datetime) -> UUID:
    """An identifier that sorts by this moment, to the millisecond; at random among its equals."""
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    chance = bytearray(secrets.token_bytes(10))
    chance[0] = 0x70 | chance[0] & 0x0F
    chance[2] = 0x80 | chance[2] & 0x3F
    made: UUID = pgproto.UUID(milliseconds.to_bytes(6, "big") + chance)
    return made
