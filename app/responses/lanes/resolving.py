"""The second stage of a lane: resolve what was scored, one chunk, one transaction."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.statements import Parts
from app.models.states import ResponseStatus, Stage
from app.notifications.outbox import add_events
from app.responses.counters import add_deltas
from app.responses.lanes.chunk import Chunk, Taken
from app.responses.lanes.lease import Lease, Terms
from app.responses.resolution.news import happenings
from app.responses.resolution.sql import lock_people, resolve
from app.scoring.points import points_of
from app.scoring.sql import score

# Also those whose person's score changed before they began to wait: nothing woke them for it.
_TO_SCORE_AGAIN = """
SELECT q.response_id FROM pending_resolution q
 WHERE q.account_id = $1 AND q.response_id = ANY ($2::uuid[]) AND (q.has_grace OR ($3
   AND (SELECT score FROM people WHERE account_id = $1 AND id = q.person_id)
    <> (SELECT score_person FROM responses WHERE account_id = $1 AND id = q.response_id)))
"""
_DONE = """
DELETE FROM pending_resolution WHERE account_id = $1 AND response_id = ANY ($2::uuid[])
RETURNING 1"""
_WAIT = """
UPDATE pending_resolution p SET due_at = w.due_at, has_grace = true
  FROM unnest($2::uuid[], $3::timestamptz[]) AS w(id, due_at)
 WHERE p.account_id = $1 AND p.response_id = w.id
RETURNING 1"""


async def resolve_chunk(session: Transaction, lease: Lease, terms: Terms, taken: Taken) -> Chunk:
    """Resolve these due rows.

    Rows that waited for a better score are scored again first, or waiting would be in vain.
    """
    account_id, due = lease.account_id, taken.ids
    await lock_people(session, account_id, due)
    await _score_again(session, account_id, terms, taken)
    writes = Parts()
    outcome = await resolve(session, account_id, due, terms.settings, writes=writes, now=terms.now)
    waits = {v.candidate.response_id: v.waits_until for v in outcome.waiting}
    # Also rows whose response is gone: left alone, they would be due for ever.
    writes.add("done", _DONE, account_id, [row for row in due if row not in waits])
    if waits:
        writes.add("waiting", _WAIT, account_id, list(waits), list(waits.values()))
    by_status = Counter(verdict.status for verdict in outcome.resolved)
    gone = (account_id, lease.campaign_id, ResponseStatus.PENDING_TQR, -len(outcome.resolved))
    come = [(account_id, lease.campaign_id, status, n) for status, n in by_status.items()]
    add_deltas(writes, [gone, *come])
    told = happenings(account_id, outcome, run_id=lease.run_id)
    add_events(session, writes, told, at=terms.now)
    rows, waiting = len(outcome.resolved), len(outcome.waiting)
    return Chunk(Stage.RESOLUTION, rows, writes, dict(by_status), waiting)


async def _score_again(session: Transaction, account_id: UUID, terms: Terms, taken: Taken) -> None:
    has_grace = terms.settings.score_grace > timedelta()
    if not has_grace and not taken.has_waited:
        return
    driver = await driver_of(session)
    rows = await driver.fetch(_TO_SCORE_AGAIN, account_id, taken.ids, has_grace)
    if rows:
        points = await points_of(session, account_id, terms.ruleset_version)
        again = [row["response_id"] for row in rows]
        await score(session, account_id, again, points, now=terms.now)
