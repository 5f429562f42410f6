"""Waiting responses that a write to their person makes due.

Both take many people at once and lock pending rows by response id; lock the people first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import TextClause, text

from app.core.db import Session
from app.core.queue import Ring, Task, ring_after

_ASK = text(
    """
    UPDATE pending_scoring AS p SET due_at = :now
      FROM (SELECT account_id, response_id FROM pending_scoring
             WHERE account_id = :account_id AND person_id = ANY(CAST(:people AS uuid[]))
               AND window_id IS NULL AND due_at IS NULL
             ORDER BY response_id FOR UPDATE) AS asked
     WHERE p.account_id = asked.account_id AND p.response_id = asked.response_id
    RETURNING p.campaign_id
    """
)
_END_GRACE = text(
    """
    UPDATE pending_resolution AS p SET due_at = least(p.due_at, :now)
      FROM (SELECT account_id, response_id FROM pending_resolution
             WHERE account_id = :account_id AND person_id = ANY(CAST(:people AS uuid[]))
               AND has_grace
             ORDER BY response_id FOR UPDATE) AS graced
     WHERE p.account_id = graced.account_id AND p.response_id = graced.response_id
    RETURNING p.campaign_id
    """
)


async def ask_for_scoring(
    session: Session, account_id: UUID, person_ids: Sequence[UUID], now: datetime
) -> None:
    """Make what waits for `do_pending_scoring` of these people due, in all campaigns.

    Rows of windows and rows already due stay as they are. Safe to repeat.
    """
    await _wake(_ASK, session, account_id, person_ids, now)


async def score_changed(
    session: Session, account_id: UUID, person_ids: Sequence[UUID], now: datetime
) -> None:
    """Make what waits for these people's score to rise due. Safe to repeat."""
    await _wake(_END_GRACE, session, account_id, person_ids, now)


async def _wake(
    statement: TextClause,
    session: Session,
    account_id: UUID,
    person_ids: Sequence[UUID],
    now: datetime,
) -> None:
    if not person_ids:
        return
    values = {"account_id": account_id, "people": list(person_ids), "now": now}
    woken: Iterable[UUID] = (
        await (await session.connection()).execute(statement, values)
    ).scalars()
    for campaign_id in sorted(set(woken)):
        ring_after(session, Ring(Task.DRAIN_LANE, account_id, campaign_id))
