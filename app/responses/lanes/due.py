"""Which rows of a lane are due, and which lanes have any."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import clock
from app.core.driver import Row, Transaction, driver_of
from app.responses.lanes.chunk import Taken
from app.responses.lanes.lease import Lease, Terms

# Only due rows: open and held windows, grace and manual rows are passed over. Rows of single
# requests and small batches (priority 0) go before rows of uploads; windows that hold rows are
# found by skipping through the index, so closed windows of the past cost nothing.
_SCORING = """
WITH RECURSIVE held(id) AS (
    (SELECT window_id FROM pending_scoring
      WHERE account_id = $1 AND campaign_id = $2 AND window_id IS NOT NULL
      ORDER BY window_id LIMIT 1)
    UNION ALL
    SELECT (SELECT window_id FROM pending_scoring
             WHERE account_id = $1 AND campaign_id = $2 AND window_id > held.id
             ORDER BY window_id LIMIT 1)
      FROM held WHERE held.id IS NOT NULL
)
(SELECT response_id FROM pending_scoring
  WHERE account_id = $1 AND campaign_id = $2 AND priority = 0 AND due_at <= $3
  ORDER BY due_at, response_id LIMIT $4)
UNION ALL
(SELECT member.response_id FROM held
   JOIN windows w ON w.account_id = $1 AND w.id = held.id AND w.closed_at IS NOT NULL
  CROSS JOIN LATERAL (
        SELECT response_id FROM pending_scoring
         WHERE account_id = $1 AND campaign_id = $2 AND window_id = held.id
         ORDER BY response_id LIMIT $4) member
  LIMIT $4)
UNION ALL
(SELECT response_id FROM pending_scoring
  WHERE account_id = $1 AND campaign_id = $2 AND priority = 1 AND due_at <= $3
  ORDER BY due_at, response_id LIMIT $4)
LIMIT $4
"""
# Rows that somebody is just making due are passed over, not waited for.
_LOCKED = """
CROSS JOIN LATERAL (
      SELECT FROM pending_scoring WHERE account_id = $1 AND response_id = due.response_id
         FOR UPDATE SKIP LOCKED) AS locked
"""
_TAKE_SCORING = f"SELECT due.response_id FROM ({_SCORING}) AS due {_LOCKED}"
_TAKE_AGAIN = f"SELECT due.response_id FROM unnest($2::uuid[]) AS due(response_id) {_LOCKED}"
_RESOLUTION = """
(SELECT response_id, has_grace FROM pending_resolution
  WHERE account_id = $1 AND campaign_id = $2 AND priority = 0 AND due_at <= $3
  ORDER BY due_at, response_id LIMIT $4)
UNION ALL
(SELECT response_id, has_grace FROM pending_resolution
  WHERE account_id = $1 AND campaign_id = $2 AND priority = 1 AND due_at <= $3
  ORDER BY due_at, response_id LIMIT $4)
LIMIT $4
"""

# Skips from campaign to campaign, so the cost is per lane with pending rows, not per row.
WAITING = """
    WITH RECURSIVE now AS MATERIALIZED (SELECT business_now() AS moment),
    waiting(account_id, campaign_id) AS (
        (SELECT account_id, campaign_id FROM pending_scoring WHERE due_at IS NOT NULL
          ORDER BY account_id, campaign_id LIMIT 1)
        UNION ALL
        SELECT next.account_id, next.campaign_id FROM waiting CROSS JOIN LATERAL (
            SELECT p.account_id, p.campaign_id FROM pending_scoring p
             WHERE p.due_at IS NOT NULL
               AND (p.account_id, p.campaign_id) > (waiting.account_id, waiting.campaign_id)
             ORDER BY p.account_id, p.campaign_id LIMIT 1) next
    ),
    held(account_id, campaign_id, window_id) AS (
        (SELECT account_id, campaign_id, window_id FROM pending_scoring
          WHERE window_id IS NOT NULL ORDER BY account_id, campaign_id, window_id LIMIT 1)
        UNION ALL
        SELECT next.* FROM held CROSS JOIN LATERAL (
            SELECT p.account_id, p.campaign_id, p.window_id FROM pending_scoring p
             WHERE p.window_id IS NOT NULL
               AND (p.account_id, p.campaign_id, p.window_id)
                   > (held.account_id, held.campaign_id, held.window_id)
             ORDER BY p.account_id, p.campaign_id, p.window_id LIMIT 1) next
    ),
    scored(account_id, campaign_id) AS (
        (SELECT account_id, campaign_id FROM pending_resolution
          ORDER BY account_id, campaign_id LIMIT 1)
        UNION ALL
        SELECT next.account_id, next.campaign_id FROM scored CROSS JOIN LATERAL (
            SELECT p.account_id, p.campaign_id FROM pending_resolution p
             WHERE (p.account_id, p.campaign_id) > (scored.account_id, scored.campaign_id)
             ORDER BY p.account_id, p.campaign_id LIMIT 1) next
    )
"""
_DUE = (
    WAITING
    + """,
    due AS (
        SELECT w.account_id, w.campaign_id FROM waiting w WHERE EXISTS (
            SELECT FROM pending_scoring p, now
             WHERE p.account_id = w.account_id AND p.campaign_id = w.campaign_id
               AND p.priority IN (0, 1) AND p.due_at <= now.moment)
        UNION
        SELECT h.account_id, h.campaign_id FROM held h
          JOIN windows w ON w.account_id = h.account_id AND w.id = h.window_id
         WHERE w.closed_at IS NOT NULL
        UNION
        SELECT s.account_id, s.campaign_id FROM scored s WHERE EXISTS (
            SELECT FROM pending_resolution p, now
             WHERE p.account_id = s.account_id AND p.campaign_id = s.campaign_id
               AND p.priority IN (0, 1) AND p.due_at <= now.moment)
        UNION
        -- A drain whose worker died with nothing left to do still has a run to end.
        SELECT account_id, campaign_id FROM lanes WHERE run_id IS NOT NULL
    )
"""
)
_FREE_LANES = text(
    _DUE
    + """
    SELECT d.account_id, d.campaign_id FROM due d
      JOIN lanes l ON l.account_id = d.account_id AND l.campaign_id = d.campaign_id
     WHERE l.leased_until < clock_timestamp()
     ORDER BY row_number() OVER (PARTITION BY d.account_id ORDER BY random()), random()
     LIMIT :most
    """
)
_UNFINISHED = """
SELECT run_id FROM lanes WHERE account_id = $1 AND campaign_id = $2 AND run_id IS NOT NULL
"""
_ANY_LANE = text(
    _DUE + "SELECT EXISTS (SELECT FROM due JOIN lanes USING (account_id, campaign_id))"
)


async def due_for_scoring(session: Transaction, lease: Lease, terms: Terms) -> Taken:
    """Responses of the lane to score next, locked, small requests before uploads."""
    most = terms.settings.scoring_batch_size
    return Taken(
        [row["response_id"] for row in await _rows(session, _TAKE_SCORING, lease, terms, most)]
    )


async def due_for_resolution(session: Transaction, lease: Lease, terms: Terms) -> Taken:
    """Scored responses of the lane to resolve next."""
    most = terms.settings.evaluation_batch_size
    rows = await _rows(session, _RESOLUTION, lease, terms, most)
    return Taken([row["response_id"] for row in rows], any(row["has_grace"] for row in rows))


async def taken_again(session: Transaction, lease: Lease, taken: Taken) -> Taken:
    """The same responses to score, locked by another transaction than the one they failed in."""
    driver = await driver_of(session)
    rows = await driver.fetch(_TAKE_AGAIN, lease.account_id, taken.ids)
    return Taken([row["response_id"] for row in rows])


async def due_lanes(connection: AsyncConnection, *, most: int) -> list[tuple[UUID, UUID]]:
    """Free lanes with due work, round robin over accounts: (account, campaign), at most `most`."""
    rows = (await connection.execute(_FREE_LANES, {"most": most})).all()
    return [(row.account_id, row.campaign_id) for row in rows]


async def has_due_lanes(connection: AsyncConnection) -> bool:
    """Whether any lane has due work or an unfinished run, whoever holds it."""
    return bool(await connection.scalar(_ANY_LANE))


async def has_work(session: Transaction, account_id: UUID, campaign_id: UUID) -> bool:
    """Whether a lane has due rows or an unfinished run; most rings come after the work is done."""
    driver = await driver_of(session)
    now = clock.business_now(session)
    for sql in (_SCORING, _RESOLUTION):
        if await driver.fetchrow(sql, account_id, campaign_id, now, 1):
            return True
    return await driver.fetchrow(_UNFINISHED, account_id, campaign_id) is not None


async def _rows(session: Transaction, sql: str, lease: Lease, terms: Terms, most: int) -> list[Row]:
    driver = await driver_of(session)
    return list(await driver.fetch(sql, lease.account_id, lease.campaign_id, terms.now, most))
