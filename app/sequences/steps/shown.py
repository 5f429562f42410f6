"""What is on Today already, of people who have changed since: whose it is, and whether it stays."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.models.states import SequenceObject
from app.sequences.steps.progress import Ended, advance

# Person by person, whatever the planner believes of how much is shown: else all of the account's
# Today might be read for each page of people. That it is still shown is asked again once a row is
# locked, in words that no index knows.
_SHOWN = """
WITH shown AS MATERIALIZED (
    SELECT s.id FROM unnest($2::uuid[]) AS w(person_id)
     CROSS JOIN LATERAL (
           SELECT t.id FROM participant_actions t
            WHERE t.account_id = $1 AND t.person_id = w.person_id AND t.show_on_today
           OFFSET 0) AS s)"""
_SKIP = f"""{_SHOWN}
UPDATE participant_actions a
   SET status = 'auto_skipped', deferral_reason = 'OPTED_OUT', show_on_today = false
  FROM shown, people p, participations n
 WHERE a.account_id = $1 AND a.id = shown.id
   AND a.show_on_today::int = 1 AND a.status = 'on_engage'
   AND p.account_id = $1 AND p.id = a.person_id
   AND n.account_id = $1 AND n.id = a.participation_id AND n.object = $3 AND n.ended_at IS NULL
   AND ((a.type = 'email' AND p.email_opted_out) OR (a.type = 'sms' AND p.sms_opted_out))
RETURNING a.participation_id, a.position
"""
_MOVE = f"""{_SHOWN}
UPDATE participant_actions a SET owner = p.owner
  FROM shown, people p, participations n
 WHERE a.account_id = $1 AND a.id = shown.id AND a.show_on_today::int = 1
   AND p.account_id = $1 AND p.id = a.person_id AND a.owner IS DISTINCT FROM p.owner
   AND n.account_id = $1 AND n.id = a.participation_id AND n.object = $3
"""


async def refresh(
    session: Transaction,
    account_id: UUID,
    what: SequenceObject,
    people: Sequence[UUID],
    *,
    since: datetime,
    now: datetime,
) -> int:
    """Take what these people want no more off Today, and give the rest to their owners.

    Returns how many actions were skipped.

    Args:
        since: from when the delays of what follows are counted.
    """
    driver = await driver_of(session)
    rows = await driver.fetch(_SKIP, account_id, list(people), what.value)
    ended = [Ended(row["participation_id"], row["position"]) for row in rows]
    await advance(session, account_id, ended, since=since, now=now)
    await driver.execute(_MOVE, account_id, list(people), what.value)
    return len(rows)
