"""Closing windows whose time or size has come; each by one conditional UPDATE."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import clock
from app.core.db import Session
from app.core.driver import driver_of
from app.core.queue import Ring, Task, ring_after
from app.models.states import CloseReason

# Decided again, under the row's lock, by the UPDATE. Size is looked at by skipping to the row
# that would fill a chunk, never by counting.
_RIPE = text(
    """
    SELECT w.account_id, w.id FROM windows w
     CROSS JOIN (SELECT business_now() AS moment) now
     WHERE w.closed_at IS NULL AND (w.held_until IS NULL OR w.held_until <= now.moment)
       AND (w.closes_at <= now.moment OR w.opened_at <= now.moment - CAST(:age AS interval)
            AND EXISTS (
            SELECT FROM pending_scoring p
             WHERE p.account_id = w.account_id AND p.campaign_id = w.campaign_id
               AND p.window_id = w.id
            OFFSET w.full_rows - 1 LIMIT 1))
     ORDER BY w.closes_at LIMIT 1000
    """
)
_CLOSE = """
WITH ripe AS (
    SELECT w.id, w.campaign_id, w.closes_at, w.held_until, w.full_rows,
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
       AND (ripe.closes_at <= $3 OR ripe.n >= ripe.full_rows)))
RETURNING w.campaign_id
"""


async def ripe_windows(
    connection: AsyncConnection, *, age: timedelta = timedelta()
) -> dict[UUID, list[UUID]]:
    """Windows of all accounts whose time or size has come, by account.

    Args:
        age: a window younger than this is not closed for its size. In a storm every closing
            leaves a remainder that is less than a chunk, so fewer closings are fewer chunks.
    """
    found: dict[UUID, list[UUID]] = {}
    for row in await connection.execute(_RIPE, {"age": age}):
        found.setdefault(row.account_id, []).append(row.id)
    return found


async def close_ripe(session: Session, account_id: UUID, windows: list[UUID]) -> int:
    """Close these windows of one account, if they still are ripe; returns how many."""
    return len(await _close(session, account_id, windows, reason=None, who=None))


async def close_now(
    session: Session, account_id: UUID, window_id: UUID, reason: CloseReason, who: str
) -> bool:
    """Close one window for a reason of its own; False if it was closed already."""
    return bool(await _close(session, account_id, [window_id], reason=reason, who=who))


async def _close(
    session: Session,
    account_id: UUID,
    windows: list[UUID],
    *,
    reason: CloseReason | None,
    who: str | None,
) -> list[UUID]:
    """Close what may be closed, and ring its lanes; returns the campaigns."""
    driver = await driver_of(session)
    now = clock.business_now(session)
    rows = await driver.fetch(_CLOSE, account_id, windows, now, reason and reason.value, who)
    campaigns = [row["campaign_id"] for row in rows]
    for campaign_id in campaigns:
        ring_after(session, Ring(Task.DRAIN_LANE, account_id, campaign_id))
    return campaigns
