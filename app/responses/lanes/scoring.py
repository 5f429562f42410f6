"""The first stage of a lane: score what is due, one chunk, one transaction."""

from app.core.driver import Transaction
from app.core.statements import Parts
from app.models.states import ResponseStatus, Stage
from app.responses.counters import add_deltas
from app.responses.lanes.chunk import Chunk, Taken
from app.responses.lanes.lease import Lease, Terms
from app.scoring.points import points_of
from app.scoring.sql import score

# Deleted and queued in one statement: a row is in exactly one of the two tables.
_DONE = """
DELETE FROM pending_scoring WHERE account_id = $1 AND response_id = ANY ($2::uuid[])
RETURNING account_id, response_id, campaign_id, person_id, priority"""
_MOVED_ON = """
INSERT INTO pending_resolution
       (account_id, response_id, campaign_id, person_id, priority, due_at, has_grace)
SELECT account_id, response_id, campaign_id, person_id, priority, $1::timestamptz, false FROM done
RETURNING 1"""


async def score_chunk(session: Transaction, lease: Lease, terms: Terms, taken: Taken) -> Chunk:
    """Score these locked due rows; they are queued to be resolved."""
    account_id, rows = lease.account_id, len(taken.ids)
    points = await points_of(session, account_id, terms.ruleset_version)
    await score(session, account_id, taken.ids, points, now=terms.now)
    writes = Parts()
    writes.add("done", _DONE, account_id, taken.ids)
    writes.add("moved_on", _MOVED_ON, terms.now)
    add_deltas(
        writes,
        [
            (account_id, lease.campaign_id, ResponseStatus.PENDING_SCORING, -rows),
            (account_id, lease.campaign_id, ResponseStatus.PENDING_TQR, rows),
        ],
    )
    return Chunk(Stage.SCORING, rows, writes)
