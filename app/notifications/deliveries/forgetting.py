"""Deliveries are kept 30 days, those too that somebody still tries: their events go as well."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of

PORTION_ROWS = 5_000
_KEPT = timedelta(days=30)

# Ids grow with time, so the oldest portion is looked at and nothing behind it.
_OLD = """
WITH old AS (
    DELETE FROM deliveries WHERE account_id = $1 AND id IN (
        SELECT id FROM (SELECT id, created_at FROM deliveries
                         WHERE account_id = $1 ORDER BY id LIMIT $3) d WHERE d.created_at < $2)
    RETURNING id),
given_up AS (
    DELETE FROM pending_deliveries p USING old WHERE p.account_id = $1 AND p.delivery_id = old.id)
SELECT count(*) FROM old
"""


async def forget(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Delete one portion of the account's deliveries whose time is over; returns how many."""
    driver = await driver_of(session)
    deleted: int = await driver.fetchval(_OLD, account_id, now - _KEPT, PORTION_ROWS)
    return deleted
