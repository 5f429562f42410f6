"""Closing windows whose time or size has come; each by one conditional UPDATE."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Session
from app.core.driver import driver_of
from app.core.queue import Ring, Task, ring_after
from app.models.states import CloseReason

# Accounts with windows that nobody holds; which of them to close is looked up account by account,
# because only there the size that fills a window may be read.
_ACCOUNTS = text(
    """
    SELECT DISTINCT w.account_id FROM windows w
     CROSS JOIN (SELECT business_now() AS moment) now
     WHERE w.closed_at IS NULL AND (w.held_until IS NULL OR w.held_until <= now.moment)
    """
)
_SIZE = """
SELECT coalesce((SELECT (document ->> 'scoring_batch_size')::int
                   FROM scoring_settings WHERE account_id = $1), 200)
"""
# Size is looked at by skipping to the row that would fill a chunk, never by counting; decided
# again, under the row's lock, by the UPDATE.
_RIPE = """
SELECT w.id FROM windows w
 WHERE w.account_id = $1 AND w.closed_at IS NULL AND (w.held_until IS NULL OR w.held_until <= $2)
   AND (w.closes_at <= $2 OR EXISTS (
        SELECT FROM pending_scoring p
         WHERE p.account_id = $1 AND p.campaign_id = w.campaign_id AND p.window_id = w.id
        OFFSET $3 - 1 LIMIT 1))
 ORDER BY w.closes_at LIMIT 1000
"""
_CLOSE = """
WITH ripe AS (
    SELECT w.id, w.campaign_id, w.closes_at, w.held_until,
           (SELECT count(*) FROM pending_scoring p
             WHERE p.account_id = $1 AND p.campaign_id = w.campaign_id AND p.window_id = w.id) AS n
      FROM windows w
     WHERE w.account_id = $1 AND w.id = ANY ($2::uuid[]) AND w.closed_at IS NULL
     ORDER BY w.id FOR UPDATE SKIP LOCKED
)
UPDATE windows w SET closed_at = $3, closed_rows = ripe.n, closed_who = $5,
       closed_by = CASE WHEN $4::text IS NOT NULL THEN $4::text
                        WHEN ripe.closes_at <= $3 AND ripe.held_until > ripe.closes_at
                             THEN 'hold_ended'
                        WHEN ripe.closes_at <= $3 THEN 'delay'
                        ELSE 'size' END
  FROM ripe
 WHERE w.account_id = $1 AND w.id = ripe.id AND ($4::text IS NOT NULL OR (
       (ripe.held_until IS NULL OR ripe.held_until <= $3)
       AND (ripe.closes_at <= $3 OR ripe.n >= $6)))
RETURNING w.campaign_id
"""


async def accounts_with_windows(connection: AsyncConnection) -> list[UUID]:
    """Accounts of which an open window may have to be closed."""
    return list((await connection.execute(_ACCOUNTS)).scalars())


async def close_ripe(session: Session, account_id: UUID) -> int:
    """Close the account's windows whose time or size has come; returns how many."""
    driver = await driver_of(session)
    now = session.info["now"]
    size = await driver.fetchval(_SIZE, account_id)
    ripe = [row["id"] for row in await driver.fetch(_RIPE, account_id, now, size)]
    if not ripe:
        return 0
    rows = await driver.fetch(_CLOSE, account_id, ripe, now, None, None, size)
    for row in rows:
        ring_after(session, Ring(Task.DRAIN_LANE, account_id, row["campaign_id"]))
    return len(rows)


async def close_now(
    session: Session, account_id: UUID, window_id: UUID, reason: CloseReason, who: str
) -> bool:
    """Close one window for a reason of its own; False if it was closed already."""
    driver = await driver_of(session)
    now = session.info["now"]
    rows = await driver.fetch(_CLOSE, account_id, [window_id], now, reason.value, who, 0)
    for row in rows:
        ring_after(session, Ring(Task.DRAIN_LANE, account_id, row["campaign_id"]))
    return bool(rows)
