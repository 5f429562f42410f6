"""Identifiers: UUID version 7, so that newer rows sort after older ones."""

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

__all__ = ["NIL", "uuid7"]

NIL = UUID(int=0)


def uuid7() -> UUID:
    """A new identifier; within one process each is greater than the one before."""
    return _uuid7()
