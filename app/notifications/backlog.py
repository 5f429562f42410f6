"""How much of what is to be delivered or mailed waits, and how long the oldest of it has: what
tells an operator that receivers, or the mail server, keep up.

Counts end at a bound, so that a flood is not counted through whenever somebody asks.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.notifications.deliveries.claiming import WAITING

MOST_COUNTED = 100_000

# Of endpoints that get none the rest is cancelled soon; it is nobody's arrears.
_DELIVERIES = text(
    WAITING
    + """
SELECT (SELECT count(*) FROM (SELECT FROM pending_deliveries LIMIT :most) counted) AS pending,
       (SELECT extract(epoch FROM max(now.moment - first.due_at))
          FROM waiting w CROSS JOIN now
          JOIN webhook_endpoints e
               ON e.account_id = w.account_id AND e.id = w.endpoint_id AND e.enabled
         CROSS JOIN LATERAL (
               SELECT p.due_at FROM pending_deliveries p
                WHERE p.account_id = w.account_id AND p.endpoint_id = w.endpoint_id
                ORDER BY p.due_at LIMIT 1) first
         WHERE first.due_at <= now.moment) AS age
"""
)
_MAILS = text(
    """
SELECT (SELECT count(*) FROM (SELECT FROM pending_copies LIMIT :most) counted) AS pending,
       (SELECT extract(epoch FROM business_now() - due_at) FROM pending_copies
         WHERE due_at <= (SELECT business_now()) ORDER BY due_at LIMIT 1) AS age
"""
)


class Backlog(NamedTuple):
    """What waits: how many, `MOST_COUNTED` at most, and for how long the oldest that is due."""

    pending: int
    age_seconds: float


async def backlogs(connection: AsyncConnection) -> dict[str, Backlog]:
    """Of deliveries to endpoints and of copies of mails; the age is 0 where nothing is due."""
    found = {}
    for kind, statement in (("delivery", _DELIVERIES), ("mail", _MAILS)):
        row = (await connection.execute(statement, {"most": MOST_COUNTED})).one()
        found[kind] = Backlog(row.pending, max(0.0, float(row.age or 0)))
    return found
