"""How long the engine keeps what is over: windows and events 30 days; runs, fires, keys 400.

Deleted in portions, oldest first, so that no transaction is long and nothing waits for it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of

PORTION_ROWS = 5_000
_MONTH, _YEAR = timedelta(days=30), timedelta(days=400)

# Ids grow with time, so the oldest portion is looked at first; where nothing of it is over, nothing
# behind it is, and a look costs a portion however long the history.
# A window that still holds rows is not over, however long ago it closed.
_WINDOWS = """
DELETE FROM windows WHERE account_id = $1 AND id IN (
    SELECT w.id FROM (SELECT id, campaign_id, closed_at FROM windows
                       WHERE account_id = $1 ORDER BY id LIMIT $3) w
     WHERE w.closed_at < $2 AND NOT EXISTS (
           SELECT FROM pending_scoring p WHERE p.account_id = $1
              AND p.campaign_id = w.campaign_id AND p.window_id = w.id))
"""
_EVENTS = """
DELETE FROM events WHERE account_id = $1 AND id IN (
    SELECT id FROM (SELECT id, occurred_at FROM events
                     WHERE account_id = $1 ORDER BY id LIMIT $3) e WHERE e.occurred_at < $2)
"""
_RUNS = """
DELETE FROM runs WHERE account_id = $1 AND id IN (
    SELECT id FROM (SELECT id, finished_at FROM runs
                     WHERE account_id = $1 ORDER BY id LIMIT $3) r WHERE r.finished_at < $2)
"""
_FIRES = """
DELETE FROM fires WHERE account_id = $1 AND id IN (
    SELECT id FROM (SELECT id, planned_at FROM fires
                     WHERE account_id = $1 ORDER BY id LIMIT $3) f WHERE f.planned_at < $2)
"""
_CHANGES = """
DELETE FROM changes WHERE account_id = $1 AND id IN (
    SELECT id FROM (SELECT id, at FROM changes
                     WHERE account_id = $1 ORDER BY id LIMIT $3) c WHERE c.at < $2)
"""
_KEYS = """
DELETE FROM intake_keys WHERE account_id = $1 AND (user_id, external_id) IN (
    SELECT user_id, external_id FROM intake_keys WHERE account_id = $1 AND received_at < $2
     ORDER BY received_at LIMIT $3)
"""
_KEPT = (
    *((_WINDOWS, _MONTH), (_EVENTS, _MONTH)),
    *((_RUNS, _YEAR), (_FIRES, _YEAR), (_CHANGES, _YEAR), (_KEYS, _YEAR)),
)


async def forget(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Delete one portion of everything of the account whose time is over; returns how many."""
    driver = await driver_of(session)
    deleted = 0
    for statement, kept in _KEPT:
        done = await driver.execute(statement, account_id, now - kept, PORTION_ROWS)
        deleted += int(done.rsplit(" ", 1)[1])
    return deleted
