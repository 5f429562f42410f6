"""The second stage of a lane: resolve what was scored, one chunk, one transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of
from app.models.states import ResponseStatus, Stage
from app.notifications.outbox import emit
from app.responses.counters import append_deltas
from app.responses.lanes.chunk import Chunk
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
_DONE = "DELETE FROM pending_resolution WHERE account_id = $1 AND response_id = ANY ($2::uuid[])"
_WAIT = """
UPDATE pending_resolution p SET due_at = w.due_at, has_grace = true
  FROM unnest($2::uuid[], $3::timestamptz[]) AS w(id, due_at)
 WHERE p.account_id = $1 AND p.response_id = w.id
"""


async def resolve_chunk(session: Session, lease: Lease, terms: Terms, due: Sequence[UUID]) -> Chunk:
    """Resolve these due rows.

    Rows that waited for a better score are scored again first, or waiting would be in vain.
    """
    account_id = lease.account_id
    driver = await driver_of(session)
    await lock_people(session, account_id, due)
    has_grace = terms.settings.score_grace > timedelta()
    rows = await driver.fetch(_TO_SCORE_AGAIN, account_id, due, has_grace)
    if rows:
        points = await points_of(session, account_id, terms.ruleset_version)
        await score(
            session, account_id, [row["response_id"] for row in rows], points, now=terms.now
        )
    outcome = await resolve(session, account_id, due, terms.settings, now=terms.now)
    waits = {v.candidate.response_id: v.waits_until for v in outcome.waiting}
    # Also rows whose response is gone: left alone, they would be due for ever.
    await driver.execute(_DONE, account_id, [row for row in due if row not in waits])
    if waits:
        await driver.execute(_WAIT, account_id, list(waits), list(waits.values()))
    by_status = Counter(verdict.status for verdict in outcome.resolved)
    gone = (account_id, lease.campaign_id, ResponseStatus.PENDING_TQR, -len(outcome.resolved))
    come = [(account_id, lease.campaign_id, status, n) for status, n in by_status.items()]
    await append_deltas(session, [gone, *come])
    await emit(session, happenings(account_id, outcome, run_id=lease.run_id), at=terms.now)
    return Chunk(Stage.RESOLUTION, len(outcome.resolved), dict(by_status), len(outcome.waiting))
