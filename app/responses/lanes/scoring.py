"""The first stage of a lane: score what is due, one chunk, one transaction."""

from collections.abc import Sequence
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of
from app.models.states import ResponseStatus, Stage
from app.responses.counters import append_deltas
from app.responses.lanes.chunk import Chunk
from app.responses.lanes.lease import Lease, Terms
from app.scoring.points import points_of
from app.scoring.sql import score

# Deleting and queueing in one statement: a row is in exactly one of the two tables.
_MOVE_ON = """
WITH done AS (
    DELETE FROM pending_scoring WHERE account_id = $1 AND response_id = ANY ($2::uuid[])
    RETURNING response_id, campaign_id, person_id, priority)
INSERT INTO pending_resolution
       (account_id, response_id, campaign_id, person_id, priority, due_at, has_grace)
SELECT $1, response_id, campaign_id, person_id, priority, $3, false FROM done
"""
# Rows that somebody is just making due are passed over, not waited for.
_LOCK = """
SELECT response_id FROM pending_scoring
 WHERE account_id = $1 AND response_id = ANY ($2::uuid[]) FOR UPDATE SKIP LOCKED
"""


async def score_chunk(session: Session, lease: Lease, terms: Terms, due: Sequence[UUID]) -> Chunk:
    """Score these due rows; those that were done are queued to be resolved."""
    driver = await driver_of(session)
    rows = await driver.fetch(_LOCK, lease.account_id, due)
    taken = [row["response_id"] for row in rows]
    if taken:
        points = await points_of(session, lease.account_id, terms.ruleset_version)
        await score(session, lease.account_id, taken, points, now=terms.now)
        await driver.execute(_MOVE_ON, lease.account_id, taken, terms.now)
        await append_deltas(
            session,
            [
                (lease.account_id, lease.campaign_id, ResponseStatus.PENDING_SCORING, -len(taken)),
                (lease.account_id, lease.campaign_id, ResponseStatus.PENDING_TQR, len(taken)),
            ],
        )
    return Chunk(Stage.SCORING, len(taken))
