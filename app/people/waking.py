"""Waiting responses that a write to their person makes due.

Both take many people at once and lock pending rows by response id; lock the people first.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.queue import Ring, Task, ring_after

_ASK = """
UPDATE pending_scoring AS p SET due_at = $3
  FROM (SELECT account_id, response_id FROM pending_scoring
         WHERE account_id = $1 AND person_id = ANY($2::uuid[])
           AND window_id IS NULL AND due_at IS NULL
         ORDER BY response_id FOR UPDATE) AS asked
 WHERE p.account_id = asked.account_id AND p.response_id = asked.response_id
RETURNING p.campaign_id
"""
_END_GRACE = """
UPDATE pending_resolution AS p SET due_at = least(p.due_at, $3)
  FROM (SELECT account_id, response_id FROM pending_resolution
         WHERE account_id = $1 AND person_id = ANY($2::uuid[])
           AND has_grace
         ORDER BY response_id FOR UPDATE) AS graced
 WHERE p.account_id = graced.account_id AND p.response_id = graced.response_id
RETURNING p.campaign_id
"""


async def ask_for_scoring(
    session: Transaction, account_id: UUID, person_ids: Sequence[UUID], now: datetime
) -> None:
    """Make what waits for `do_pending_scoring` of these people due, in all campaigns.

    Rows of windows and rows already due stay as they are. Safe to repeat.
    """
    await _wake(_ASK, session, account_id, person_ids, now)


async def score_changed(
    session: Transaction, account_id: UUID, person_ids: Sequence[UUID], now: datetime
) -> None:
    """Make what waits for these people's score to rise due. Safe to repeat."""
    await _wake(_END_GRACE, session, account_id, person_ids, now)


async def _wake(
    statement: str,
    session: Transaction,
    account_id: UUID,
    person_ids: Sequence[UUID],
    now: datetime,
) -> None:
    if not person_ids:
        return
    driver = await driver_of(session)
    rows = await driver.fetch(statement, account_id, list(person_ids), now)
    for campaign_id in sorted({row["campaign_id"] for row in rows}):
        ring_after(session, Ring(Task.DRAIN_LANE, account_id, campaign_id))
