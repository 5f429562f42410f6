"""What is on Today already, of people who have changed since: whose it is, and whether it stays."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.models.states import SequenceObject
from app.sequences.steps.progress import Ended, advance

_SKIP = """
UPDATE participant_actions a
   SET status = 'auto_skipped', deferral_reason = 'OPTED_OUT', show_on_today = false
  FROM people p, participations n
 WHERE a.account_id = $1 AND a.person_id = ANY ($2::uuid[])
   AND a.show_on_today AND a.status = 'on_engage'
   AND p.account_id = $1 AND p.id = a.person_id
   AND n.account_id = $1 AND n.id = a.participation_id AND n.object = $3 AND n.ended_at IS NULL
   AND ((a.type = 'email' AND p.email_opted_out) OR (a.type = 'sms' AND p.sms_opted_out))
RETURNING a.participation_id, a.position
"""
_MOVE = """
UPDATE participant_actions a SET owner = p.owner
  FROM people p, participations n
 WHERE a.account_id = $1 AND a.person_id = ANY ($2::uuid[]) AND a.show_on_today
   AND p.account_id = $1 AND p.id = a.person_id AND a.owner IS DISTINCT FROM p.owner
   AND n.account_id = $1 AND n.id = a.participation_id AND n.object = $3
"""


async def refresh(
    session: Transaction,
    account_id: UUID,
    what: SequenceObject,
    people: Sequence[UUID],
    *,
    now: datetime,
) -> int:
    """Take what these people want no more off Today, and give the rest to their owners.

    Returns how many actions were skipped.
    """
    driver = await driver_of(session)
    rows = await driver.fetch(_SKIP, account_id, list(people), what.value)
    ended = [Ended(row["participation_id"], row["position"]) for row in rows]
    await advance(session, account_id, ended, now=now)
    await driver.execute(_MOVE, account_id, list(people), what.value)
    return len(rows)
