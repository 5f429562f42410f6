"""From events to deliveries: each event once to each endpoint that is enabled and wants it.

    cursor (xid, id) ──▶ events behind it, below every running transaction ──▶ × endpoints
         ▲                                                                         │
         └── moved in the transaction that writes the deliveries and makes them due ┘

Whoever dies in it has moved no cursor and written no delivery. Events are read in the order of
commits: one that commits late has a number above the horizon until nothing below it is at work.
An endpoint is for events of transactions that began after the one which made or enabled it; all
is read in one statement, so whoever is below its horizon is seen.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Session
from app.core.driver import driver_of
from app.core.ids import UUID7_SQL
from app.notifications.outbox import EventType

# Of one account in one transaction, so that a flood takes turns with what others have to tell.
PORTION_EVENTS, ACCOUNTS = 500, 20

_HORIZON = "(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"
# Where an account's reading begins: nothing is for anybody before its eldest endpoint was there.
_FROM = """
       SELECT greatest(c.xid, e.xid) AS xid,
              CASE WHEN e.xid > c.xid THEN '00000000-0000-0000-0000-000000000000'::uuid
                   ELSE c.event_id END AS event_id
         FROM (SELECT min(since_xid) AS xid FROM webhook_endpoints
                WHERE account_id = c.account_id AND enabled) e
        WHERE e.xid IS NOT NULL
"""
_BEHIND = "account_id = c.account_id AND (xid, id) > (f.xid, f.event_id)"
_WITH_NEWS = f"""
SELECT c.account_id FROM webhook_cursors c CROSS JOIN LATERAL ({_FROM}) f
 WHERE EXISTS (SELECT FROM events WHERE {_BEHIND} AND (:unseen OR xid < {_HORIZON}))
 ORDER BY random() LIMIT :most
"""
_LOCK = """
SELECT account_id FROM webhook_cursors WHERE account_id = ANY ($1)
 ORDER BY account_id FOR UPDATE SKIP LOCKED
"""
_FAN_OUT = f"""
WITH read AS MATERIALIZED (
    SELECT v.* FROM webhook_cursors c CROSS JOIN LATERAL ({_FROM}) f CROSS JOIN LATERAL (
           SELECT account_id, xid, id, type FROM events
            WHERE {_BEHIND} AND xid < {_HORIZON} ORDER BY account_id, xid, id LIMIT $2) v
     WHERE c.account_id = ANY ($1)),
born AS (
    INSERT INTO deliveries (account_id, id, endpoint_id, event_id, type, state, attempts,
                            created_at)
    SELECT r.account_id, {UUID7_SQL}, e.id, r.id, r.type, 'pending', 0, $3
      FROM read r JOIN webhook_endpoints e
           ON e.account_id = r.account_id AND e.enabled AND e.since_xid < r.xid
              AND (e.events = '{{}}' OR r.type = ANY (e.events))
     WHERE r.type <> $4 ORDER BY r.xid, r.id
    RETURNING account_id, id, endpoint_id, event_id),
due AS (
    INSERT INTO pending_deliveries (account_id, delivery_id, endpoint_id, event_id, due_at,
                                    attempts, attempts_before)
    SELECT account_id, id, endpoint_id, event_id, $3, 0, 0 FROM born RETURNING 1),
moved AS (
    UPDATE webhook_cursors c SET xid = l.xid, event_id = l.id
      FROM (SELECT DISTINCT ON (account_id) account_id, xid, id FROM read
             ORDER BY account_id, xid DESC, id DESC) l
     WHERE c.account_id = l.account_id RETURNING 1)
SELECT (SELECT count(*) FROM read) AS events, (SELECT count(*) FROM due) AS deliveries
"""


async def accounts_with_news(
    connection: AsyncConnection, *, unseen: bool = False
) -> Sequence[UUID]:
    """Some accounts with events that nobody has turned into deliveries.

    Args:
        unseen: also those above the horizon, which can be read only a little later.
    """
    facts = {"most": ACCOUNTS, "unseen": unseen}
    return (await connection.execute(text(_WITH_NEWS), facts)).scalars().all()


async def fan_out(session: Session, accounts: Sequence[UUID], *, now: datetime) -> int:
    """Turn a portion of these accounts' events into deliveries; returns how many events it was.

    Accounts that somebody else is at are passed over.
    """
    driver = await driver_of(session)
    mine = [row["account_id"] for row in await driver.fetch(_LOCK, list(accounts))]
    if not mine:
        return 0
    alone = EventType.WEBHOOK_ENDPOINT_TESTED.value
    done = await driver.fetchrow(_FAN_OUT, mine, PORTION_EVENTS, now, alone)
    return int(done["events"]) if done else 0
