"""What is kept of groups' runs goes with the runs themselves; launches are kept 400 days."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of

_KEPT = timedelta(days=400)
_PORTION = 1_000

# Ids grow with time: where nothing of the oldest portion is over, nothing behind it is.
_GONE = """
SELECT g.run_id FROM (SELECT run_id FROM group_runs
                       WHERE account_id = $1 ORDER BY run_id LIMIT $2) g
 WHERE NOT EXISTS (SELECT FROM runs r WHERE r.account_id = $1 AND r.id = g.run_id)
"""
_STEPS = "DELETE FROM group_steps WHERE account_id = $1 AND group_run_id = ANY ($2::uuid[])"
_RUNS = "DELETE FROM group_runs WHERE account_id = $1 AND run_id = ANY ($2::uuid[])"
_LAUNCHES = """
DELETE FROM campaign_launches WHERE account_id = $1 AND id IN (
    SELECT id FROM (SELECT id, launched_at FROM campaign_launches
                     WHERE account_id = $1 ORDER BY id LIMIT $3) l WHERE l.launched_at < $2)
"""


async def forget(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of what belongs to runs that are forgotten; returns how many rows."""
    driver = await driver_of(session)
    gone = [row["run_id"] for row in await driver.fetch(_GONE, account_id, _PORTION)]
    done = [
        await driver.execute(_STEPS, account_id, gone),
        await driver.execute(_RUNS, account_id, gone),
        await driver.execute(_LAUNCHES, account_id, now - _KEPT, _PORTION),
    ]
    return sum(int(one.rpartition(" ")[2]) for one in done)
