"""What follows an action that has ended: the next one, or the end of the way."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Transaction, driver_of

# By the delay that is written there now. Never before now: what follows at once is not due in the
# run that ended the one before.
_ADVANCE = """
WITH done AS MATERIALIZED (
    SELECT * FROM unnest($2::uuid[], $3::int[]) AS d(participation_id, position)),
following AS MATERIALIZED (
    UPDATE participant_actions a SET due_at = greatest($5::timestamptz + s.delay, $4)
      FROM done d, sequence_actions s
     WHERE a.account_id = $1 AND a.participation_id = d.participation_id
       AND a.position = d.position + 1 AND a.status = 'upcoming'
       AND s.account_id = $1 AND s.id = a.action_id
    RETURNING a.id, a.participation_id, a.sequence_id, a.due_at),
queued AS (
    INSERT INTO pending_actions (account_id, action_id, sequence_id, due_at)
    SELECT $1, id, sequence_id, due_at FROM following
        ON CONFLICT (account_id, action_id) DO UPDATE SET due_at = excluded.due_at)
UPDATE participations n SET state = 'completed', ended_at = $4
  FROM done d
 WHERE n.account_id = $1 AND n.id = d.participation_id AND n.ended_at IS NULL
   AND NOT EXISTS (SELECT FROM following f WHERE f.participation_id = d.participation_id)
"""


class Ended(NamedTuple):
    """An action that is over, by its place on its participant's way."""

    participation_id: UUID
    position: int


async def advance(
    session: Transaction,
    account_id: UUID,
    ended: Sequence[Ended],
    *,
    since: datetime | None = None,
    now: datetime,
) -> None:
    """Have the actions behind these become due, or complete the participations without any.

    Args:
        since: from when their delays are counted; None: from now. A batch counts from the moment
            it was planned for, so that a day later is not a little after the batch of that day.
    """
    if not ended:
        return
    participations, positions = zip(*ended, strict=True)
    driver = await driver_of(session)
    await driver.execute(
        _ADVANCE, account_id, list(participations), list(positions), now, since or now
    )
