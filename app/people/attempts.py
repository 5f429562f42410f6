"""A write that met another's write is done again, so that its caller never sees a lock error."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.core.db import Session, sqlstate_of
from app.people.errors import PersonBusy

ATTEMPTS = 5
# Deadlock, lock timeout, and a unique identity that another took since it was looked for.
_MET_ANOTHER = frozenset({"40P01", "55P03", "23505"})

Done = TypeVar("Done")


async def settle(session: Session, deed: Callable[[], Awaitable[Done]]) -> Done:
    """Do the deed inside a savepoint; if it met another's write, look again and repeat.

    Raises:
        PersonBusy: it met another's write five times.
    """
    for _ in range(ATTEMPTS):
        try:
            async with session.begin_nested():
                return await deed()
        except (DBAPIError, asyncpg.PostgresError) as error:
            if sqlstate_of(error) not in _MET_ANOTHER:
                raise
    raise PersonBusy
