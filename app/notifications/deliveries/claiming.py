"""Which deliveries are due, and taking them for one attempt.

    endpoint's due rows, oldest first:  [ the first few ] │ the rest waits, whoever looks
                                           └ those of them that nobody holds may be taken

Rows keep their place while they are attempted, so an endpoint has never more than a few at once,
in all processes together; one that fails has one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Session
from app.core.driver import Row, driver_of
from app.core.sealing import Unsealable, unseal
from app.core.tables import moment
from app.notifications.deliveries.rules import Candidate
from app.notifications.endpoints.service import context_of

# Of one account in one look.
_MOST_OF_ACCOUNT = 128
PORTION_CANCELLED = 2_000

# Skips from endpoint to endpoint, so the cost is per endpoint that waits, not per delivery.
WAITING = """
WITH RECURSIVE now AS MATERIALIZED (SELECT business_now() AS moment),
waiting(account_id, endpoint_id) AS (
    (SELECT account_id, endpoint_id FROM pending_deliveries
      ORDER BY account_id, endpoint_id LIMIT 1)
    UNION ALL
    SELECT next.account_id, next.endpoint_id FROM waiting CROSS JOIN LATERAL (
        SELECT p.account_id, p.endpoint_id FROM pending_deliveries p
         WHERE (p.account_id, p.endpoint_id) > (waiting.account_id, waiting.endpoint_id)
         ORDER BY p.account_id, p.endpoint_id LIMIT 1) next)
"""
_DUE = text(
    WAITING
    + """
SELECT account_id, delivery_id FROM (
    SELECT w.account_id, h.delivery_id,
           row_number() OVER (PARTITION BY w.account_id ORDER BY h.place, random()) AS turn
      FROM waiting w CROSS JOIN now
      JOIN webhook_endpoints e ON e.account_id = w.account_id AND e.id = w.endpoint_id AND e.enabled
     CROSS JOIN LATERAL (
           SELECT delivery_id, leased_until, row_number() OVER (ORDER BY due_at, delivery_id)
                  AS place
             FROM (SELECT delivery_id, due_at, leased_until FROM pending_deliveries p
                    WHERE p.account_id = w.account_id AND p.endpoint_id = w.endpoint_id
                      AND p.due_at <= now.moment
                    ORDER BY p.due_at, p.delivery_id LIMIT :at_once) first) h
     WHERE h.leased_until < clock_timestamp()
       AND (e.failing_since IS NULL OR h.place = 1)) found
 WHERE turn <= :most_of_account ORDER BY turn, random() LIMIT :most
"""
)
_STOPPED = text(
    WAITING
    + """
SELECT w.account_id, w.endpoint_id FROM waiting w
 WHERE NOT EXISTS (SELECT FROM webhook_endpoints e
                    WHERE e.account_id = w.account_id AND e.id = w.endpoint_id AND e.enabled)
 LIMIT 20
"""
)
_ANY_DUE = text(
    WAITING
    + """
SELECT EXISTS (SELECT FROM waiting w CROSS JOIN now WHERE EXISTS (
    SELECT FROM pending_deliveries p
     WHERE p.account_id = w.account_id AND p.endpoint_id = w.endpoint_id
       AND p.due_at <= now.moment))
"""
)
_TAKE = """
WITH free AS MATERIALIZED (
    SELECT p.account_id, p.delivery_id
      FROM unnest($1::uuid[], $2::uuid[]) AS wanted(account_id, delivery_id)
      JOIN pending_deliveries p USING (account_id, delivery_id)
     WHERE p.due_at <= $3 AND p.leased_until < clock_timestamp()
       FOR UPDATE OF p SKIP LOCKED),
taken AS (
    UPDATE pending_deliveries p
       SET attempts = p.attempts + 1, leased_until = clock_timestamp() + $4
      FROM free f WHERE p.account_id = f.account_id AND p.delivery_id = f.delivery_id
    RETURNING p.*)
SELECT t.account_id, t.delivery_id, t.endpoint_id, t.event_id, t.attempts,
       t.attempts - t.attempts_before AS attempt, e.url, e.secret,
       CASE WHEN e.previous_until > clock_timestamp() THEN e.previous_secret END AS previous,
       v.type, v.occurred_at, v.data::text AS data
  FROM taken t
  JOIN webhook_endpoints e ON e.account_id = t.account_id AND e.id = t.endpoint_id AND e.enabled
  JOIN events v ON v.account_id = t.account_id AND v.id = t.event_id
"""
_CANCEL = """
WITH gone AS (
    DELETE FROM pending_deliveries WHERE account_id = $1 AND delivery_id IN (
        SELECT delivery_id FROM pending_deliveries
         WHERE account_id = $1 AND endpoint_id = $2 AND leased_until < clock_timestamp()
         ORDER BY due_at, delivery_id LIMIT $3 FOR UPDATE SKIP LOCKED)
    RETURNING delivery_id, attempts)
UPDATE deliveries d SET state = 'cancelled', attempts = gone.attempts, finished_at = $4
  FROM gone WHERE d.account_id = $1 AND d.id = gone.delivery_id
"""
_PUT_OFF = """
UPDATE pending_deliveries SET due_at = $4, leased_until = '-infinity'
 WHERE account_id = $1 AND delivery_id = $2 AND attempts = $3
"""
_IS_STOPPED = """
SELECT NOT EXISTS (SELECT FROM webhook_endpoints WHERE account_id = $1 AND id = $2 AND enabled)
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One attempt at a delivery: what to post where, and the token to record it with."""

    account_id: UUID
    delivery_id: UUID
    endpoint_id: UUID
    attempts: int
    attempt: int
    url: str
    keys: Sequence[str]
    webhook_id: str
    body: bytes


async def due(connection: AsyncConnection, *, at_once: int, most: int) -> list[Candidate]:
    """Deliveries that may be attempted now: accounts in turn, within each its endpoints in turn."""
    facts = {"at_once": at_once, "most": most, "most_of_account": _MOST_OF_ACCOUNT}
    rows = (await connection.execute(_DUE, facts)).all()
    return [Candidate(row.account_id, row.delivery_id) for row in rows]


async def has_due(connection: AsyncConnection) -> bool:
    """Whether anything is due, whoever is at it."""
    return bool(await connection.scalar(_ANY_DUE))


async def stopped(connection: AsyncConnection) -> list[tuple[UUID, UUID]]:
    """Endpoints that deliveries wait for and that get none: (account, endpoint), some of them."""
    return [(row.account_id, row.endpoint_id) for row in await connection.execute(_STOPPED)]


async def cancel_waiting(
    session: Session, account_id: UUID, endpoint_id: UUID, *, now: datetime
) -> int:
    """End a portion of what waits for an endpoint that gets nothing; returns how many."""
    driver = await driver_of(session)
    # It may have been enabled again since somebody looked.
    if not await driver.fetchval(_IS_STOPPED, account_id, endpoint_id):
        return 0
    done = await driver.execute(_CANCEL, account_id, endpoint_id, PORTION_CANCELLED, now)
    return int(done.rsplit(" ", 1)[1])


async def take(
    session: Session,
    chosen: Iterable[Candidate],
    *,
    secret_key: str,
    lease: timedelta,
    now: datetime,
) -> list[Letter]:
    """Take these for one attempt each, as far as nobody else has them.

    Of two workers exactly one gets a row. Taken and never recorded, it is due again once its
    lease is over, with the same id and bytes.
    """
    pairs = sorted((one.account_id, one.delivery_id) for one in chosen)
    driver = await driver_of(session)
    accounts, deliveries = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rows = await driver.fetch(_TAKE, accounts, deliveries, now, lease)
    keys: dict[UUID, Sequence[str]] = {}
    for row in rows:
        if row["endpoint_id"] not in keys:
            keys[row["endpoint_id"]] = _keys(row, secret_key)
    return [_letter(row, keys[row["endpoint_id"]]) for row in rows]


async def put_off(session: Session, letter: Letter, *, until: datetime) -> None:
    """Have it attempted then, and not before, unless somebody else has it by now."""
    driver = await driver_of(session)
    await driver.execute(_PUT_OFF, letter.account_id, letter.delivery_id, letter.attempts, until)


def body_of(event_id: UUID, word: str, occurred_at: datetime, data: str) -> bytes:
    """The bytes of an event, the same whenever and wherever they are made.

    Args:
        data: as PostgreSQL writes a jsonb, which has one form.
    """
    at = moment(occurred_at)
    return f'{{"id": "{event_id}", "type": "{word}", "timestamp": "{at}", "data": {data}}}'.encode()


def _keys(row: Row, secret_key: str) -> Sequence[str]:
    sealed = [one for one in (row["secret"], row["previous"]) if one is not None]
    context = context_of(row["account_id"], row["endpoint_id"])
    try:
        return [unseal(secret_key, one, context=context).decode() for one in sealed]
    except Unsealable:
        return []  # of another installation key; the attempt will fail and say so


def _letter(row: Row, keys: Sequence[str]) -> Letter:
    return Letter(
        account_id=row["account_id"],
        delivery_id=row["delivery_id"],
        endpoint_id=row["endpoint_id"],
        attempts=row["attempts"],
        attempt=row["attempt"],
        url=row["url"],
        keys=keys,
        webhook_id=str(row["event_id"]),
        body=body_of(row["event_id"], row["type"], row["occurred_at"], row["data"]),
    )
