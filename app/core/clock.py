"""Two clocks.

*Business time* is the database's clock plus an offset that only a sandbox moves: due times,
windows, fires, quotas, grace. It is read at the start of each unit of work and never kept.
*Real time* is for leases, heartbeats, keys, idempotency, rate limits and logs.
"""

from datetime import UTC, datetime

from app.core.driver import Transaction, driver_of


def business_now(session: Transaction) -> datetime:
    """Business time at the start of this unit of work, in UTC."""
    now: datetime = session.info["now"]
    return now


async def read_business_now(transaction: Transaction) -> datetime:
    """The same for a unit of work that has not read it yet: those of a `Line`."""
    now: datetime = await (await driver_of(transaction)).fetchval("SELECT business_now()")
    transaction.info["now"] = now
    return now


def real_now() -> datetime:
    """This machine's clock, in UTC; never for anything that business time governs."""
    return datetime.now(UTC)
