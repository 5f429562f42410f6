"""How old the oldest due work is: what tells an operator that the lanes keep up.

The same skipping through the indexes as the sweep's, so a million waiting rows cost no more
than the lanes they are in.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.responses.lanes.due import WAITING

_OLDEST = text(
    WAITING
    + """
    SELECT 'scoring', extract(epoch FROM now.moment - min(first.due_at))
      FROM now LEFT JOIN (
           SELECT (SELECT min(p.due_at) FROM pending_scoring p
                    WHERE p.account_id = w.account_id AND p.campaign_id = w.campaign_id
                      AND p.priority = rank.priority AND p.due_at IS NOT NULL) AS due_at
             FROM waiting w CROSS JOIN (VALUES (0::smallint), (1)) AS rank(priority)) first
        ON first.due_at <= now.moment
     GROUP BY now.moment
    UNION ALL
    SELECT 'window', extract(epoch FROM now.moment - min(w.closed_at))
      FROM now LEFT JOIN (held JOIN windows w
           ON w.account_id = held.account_id AND w.id = held.window_id) ON w.closed_at IS NOT NULL
     GROUP BY now.moment
    UNION ALL
    SELECT 'resolution', extract(epoch FROM now.moment - min(first.due_at))
      FROM now LEFT JOIN (
           SELECT (SELECT min(p.due_at) FROM pending_resolution p
                    WHERE p.account_id = s.account_id AND p.campaign_id = s.campaign_id
                      AND p.priority = rank.priority) AS due_at
             FROM scored s CROSS JOIN (VALUES (0::smallint), (1)) AS rank(priority)) first
        ON first.due_at <= now.moment
     GROUP BY now.moment
    """
)


async def oldest_due(connection: AsyncConnection) -> dict[str, float]:
    """Age in seconds of business time of the oldest due work of each kind; 0 if nothing is due."""
    rows = (await connection.execute(_OLDEST)).all()
    return {kind: max(0.0, float(age or 0)) for kind, age in rows}
