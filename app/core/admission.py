"""Admission: transactions of one account go beside each other, or one of them goes alone.

    beside · beside · beside ──▶ alone ──▶ beside · beside …

Where writers meet by unique indexes that have no common order, one with much to insert can lose
again and again against many with little. Whoever goes alone waits for those at work, the next ones
wait for it, and so it loses against nobody.
"""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from app.core.driver import Driver


class Admission(StrEnum):
    """How a transaction goes among those of its accounts; by PostgreSQL's name for it."""

    BESIDE = "pg_advisory_xact_lock_shared"
    ALONE = "pg_advisory_xact_lock"


def statement_of(admission: Admission, accounts: Iterable[UUID]) -> str:
    """Waits until it is admitted, and is so until the transaction ends; in one order for all.

    Without parameters, so that it can go on the trip that begins a transaction.
    """
    listed = [*map(str, accounts)]
    if len(listed) == 1:
        # Nearly always. PostgreSQL plans it anew each time: 60 µs where the other takes 190.
        return f"SELECT {admission}(hashtextextended('admission {listed[0]}', 0))"
    all_ = ",".join(listed)
    return (
        f"SELECT {admission}(place) FROM (SELECT hashtextextended('admission ' || id, 0) AS place"
        f" FROM unnest('{{{all_}}}'::uuid[]) AS w(id) ORDER BY 1) AS places"
    )


async def wait_for(driver: Driver, admission: Admission, accounts: Iterable[UUID]) -> None:
    """Be admitted in a transaction that has begun, before it reads what it will write."""
    await driver.execute(statement_of(admission, accounts))
