"""The SQL of timetables and of the ledger of fires."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, delete, select

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.core.ids import uuid7_at
from app.core.pages import Position
from app.models import Fire, PendingExpiry, Timetable
from app.models.states import FireOutcome, FireReason, OwnerKind

# The clock in a subquery: a volatile function would be asked for every row, and no index used.
_DUE = text(
    """
    SELECT account_id, owner_kind, owner_id FROM timetables
     WHERE next_at <= (SELECT business_now())
       AND (try_again_at IS NULL OR try_again_at <= statement_timestamp())
     ORDER BY next_at LIMIT :most
    """
)
# Of what is due already the planner has had its look.
_NEXT = text(
    """
    SELECT extract(epoch FROM next_at - now)::float8
      FROM (SELECT business_now() AS now) AS clock,
           LATERAL (SELECT min(next_at) AS next_at FROM timetables WHERE next_at > now) AS coming
    """
)
_EXPIRING = text(
    """
    SELECT account_id, owner_kind, owner_id FROM pending_expiries
     WHERE due_at <= (SELECT business_now()) ORDER BY due_at LIMIT :most
    """
)
_PUT = """
INSERT INTO timetables AS t (account_id, owner_kind, owner_id, schedule, since, planned_until,
                             next_at)
VALUES ($1, $2, $3, $4, $5, $5, $6)
ON CONFLICT (account_id, owner_kind, owner_id) DO UPDATE
   SET schedule = excluded.schedule, next_at = excluded.next_at,
       planned_until = greatest(t.planned_until, excluded.planned_until),
       tries = 0, held_up_since = NULL, try_again_at = NULL
"""
_ADD = """
INSERT INTO timetables (account_id, owner_kind, owner_id, schedule, since, planned_until)
VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING
"""
_PUT_EXPIRY = """
INSERT INTO pending_expiries (account_id, owner_kind, owner_id, due_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, owner_kind, owner_id) DO UPDATE SET due_at = excluded.due_at
"""
_RECORD = """
INSERT INTO fires (account_id, owner_kind, owner_id, planned_at, id, outcome, reason, run_id, by,
                   details, recorded_at)
SELECT f.account_id, $1, f.owner_id, f.planned_at, f.id,
       CASE WHEN f.reason IS NULL THEN 'ran' ELSE 'not_run' END, f.reason, f.run_id, f.by,
       f.details, $10
  FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::text[], $7::uuid[],
              $8::text[], $9::jsonb[])
       AS f(account_id, owner_id, planned_at, id, reason, run_id, by, details)
"""
_MOVE = """
UPDATE timetables AS t
   SET planned_until = m.planned_until, next_at = m.next_at, skips_left = m.skips_left,
       tries = 0, held_up_since = NULL, try_again_at = NULL
  FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::int[])
       AS m(account_id, owner_id, planned_until, next_at, skips_left)
 WHERE t.account_id = m.account_id AND t.owner_kind = $1 AND t.owner_id = m.owner_id
"""
_PAUSE = """
UPDATE timetables SET is_paused = true, paused_by = NULL, pause_reason = $4, paused_at = $5
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3
"""
# The pause doubles, and is an hour at most: in real time, for nothing that is due causes it.
_HOLD_UP = """
UPDATE timetables
   SET tries = tries + 1, held_up_since = coalesce(held_up_since, clock_timestamp()),
       try_again_at = clock_timestamp()
           + least(interval '1 second' * power(2, least(tries, 12)), interval '1 hour')
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3 AND next_at <= $4
RETURNING tries
"""


class Owner(NamedTuple):
    """Something that may have a schedule, whoever's it is."""

    account_id: UUID
    owner_kind: OwnerKind
    owner_id: UUID


class Record(NamedTuple):
    """A line of the ledger to be: a run, or a reason."""

    account_id: UUID
    owner_id: UUID
    planned_at: datetime
    reason: FireReason | None = None
    run_id: UUID | None = None
    by: str | None = None
    details: Mapping[str, Any] = {}


class Move(NamedTuple):
    """Where a timetable stands after its turn."""

    account_id: UUID
    owner_id: UUID
    planned_until: datetime
    next_at: datetime | None
    skips_left: int


async def due(connection: AsyncConnection, *, most: int) -> list[Owner]:
    """Timetables whose next moment has come, of all accounts, the longest due first."""
    return await _owners(connection, _DUE, most)


async def seconds_until_next(connection: AsyncConnection) -> float | None:
    """How far ahead the next moment of any timetable is; None if there is none."""
    found: float | None = await connection.scalar(_NEXT)
    return found


async def expiring(connection: AsyncConnection, *, most: int) -> list[Owner]:
    """Definitions to be warned of or expired, of all accounts, the longest due first."""
    return await _owners(connection, _EXPIRING, most)


async def find_timetable(
    session: Session,
    account_id: UUID,
    owner_kind: OwnerKind,
    owner_id: UUID,
    *,
    lock: bool = False,
) -> Timetable | None:
    """The timetable of something; None if it plans no fires."""
    statement = select(Timetable).where(
        col(Timetable.account_id) == account_id,
        col(Timetable.owner_kind) == owner_kind.value,
        col(Timetable.owner_id) == owner_id,
    )
    if lock:
        statement = statement.with_for_update()
    found = await session.exec(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def list_timetables(
    session: Session, account_id: UUID, owner_kind: OwnerKind, owners: Sequence[UUID] | None = None
) -> Sequence[Timetable]:
    """The account's timetables of this kind, of these owners or of all."""
    statement = select(Timetable).where(
        col(Timetable.account_id) == account_id, col(Timetable.owner_kind) == owner_kind.value
    )
    if owners is not None:
        statement = statement.where(col(Timetable.owner_id).in_(owners))
    found = await session.exec(
        statement.order_by(col(Timetable.owner_id)), execution_options={"populate_existing": True}
    )
    return found.all()


async def put_timetable(
    session: Transaction,
    owner: Owner,
    schedule: dict[str, Any],
    *,
    next_at: datetime | None,
    now: datetime,
) -> None:
    """Plan by this schedule from now on; pauses and skips stay."""
    driver = await driver_of(session)
    await driver.execute(_PUT, *owner, json.dumps(schedule), now, next_at)


async def add_timetable(
    session: Transaction, owner: Owner, schedule: dict[str, Any], *, now: datetime
) -> None:
    """Add one that plans nothing yet; one that is there stays as it is."""
    driver = await driver_of(session)
    await driver.execute(_ADD, *owner, json.dumps(schedule), now)


async def drop_timetable(session: Session, owner: Owner) -> None:
    await session.exec(
        delete(Timetable).where(
            col(Timetable.account_id) == owner.account_id,
            col(Timetable.owner_kind) == owner.owner_kind.value,
            col(Timetable.owner_id) == owner.owner_id,
        )
    )


async def put_expiry(session: Session, owner: Owner, due_at: datetime | None) -> None:
    """Look after a definition's end at this moment; None: never."""
    if due_at is not None:
        await (await driver_of(session)).execute(_PUT_EXPIRY, *owner, due_at)
        return
    await session.exec(
        delete(PendingExpiry).where(
            col(PendingExpiry.account_id) == owner.account_id,
            col(PendingExpiry.owner_kind) == owner.owner_kind.value,
            col(PendingExpiry.owner_id) == owner.owner_id,
        )
    )


async def record(
    session: Transaction, owner_kind: OwnerKind, records: Sequence[Record], *, now: datetime
) -> None:
    """Write lines of the ledger; each moment of an owner has one, ever."""
    columns = list(zip(*records, strict=True))
    if not columns:
        return
    accounts, owners, moments, reasons, runs, by, details = map(list, columns)
    await (await driver_of(session)).execute(
        _RECORD,
        *(owner_kind.value, accounts, owners, moments, [uuid7_at(moment) for moment in moments]),
        *(reasons, runs, by, [json.dumps(dict(said)) for said in details], now),
    )


async def move(session: Transaction, owner_kind: OwnerKind, moves: Sequence[Move]) -> None:
    """Write where these timetables stand; the caller has locked them."""
    columns = [list(values) for values in zip(*moves, strict=True)]
    if columns:
        await (await driver_of(session)).execute(_MOVE, owner_kind.value, *columns)


async def pause(session: Transaction, owner: Owner, *, reason: str, now: datetime) -> None:
    """Pause a timetable that nobody paused."""
    await (await driver_of(session)).execute(_PAUSE, *owner, reason, now)


async def hold_up(session: Transaction, owner: Owner, *, now: datetime) -> int:
    """Let a timetable that cannot be fired alone for a while; how often it was tried by now."""
    tries: int | None = await (await driver_of(session)).fetchval(_HOLD_UP, *owner, now)
    return tries or 0


async def list_fires(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    owner_kind: OwnerKind | None = None,
    owner_id: UUID | None = None,
    outcome: FireOutcome | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Sequence[Fire]:
    """Lines of the ledger, the newest planned moment first, behind the position."""
    statement = select(Fire).where(col(Fire.account_id) == account_id)
    for column, value in (
        (Fire.owner_kind, owner_kind),
        (Fire.owner_id, owner_id),
        (Fire.outcome, outcome),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if since is not None:
        statement = statement.where(col(Fire.planned_at) >= since)
    if before is not None:
        statement = statement.where(col(Fire.planned_at) < before)
    if at.after is not None:
        statement = statement.where(col(Fire.id) < at.after)
    found = await session.exec(statement.order_by(col(Fire.id).desc()).limit(at.fetch_rows))
    return found.all()


async def _owners(connection: AsyncConnection, statement: Any, most: int) -> list[Owner]:
    rows = (await connection.execute(statement, {"most": most})).all()
    return [Owner(row.account_id, OwnerKind(row.owner_kind), row.owner_id) for row in rows]
