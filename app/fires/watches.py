"""The SQL of watches: whether a success is expected of something with a timetable, and when.

a timetable ──▶ followed ──▶ looked at ──▶ late_at, down_at ──▶ looked at when it would be down
                    ▲                                                     │
     a success, a change, a pause, a skip: looked at again                └──▶ down, and told
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.fires.queries import Owner
from app.models.states import FireReason, OwnerKind

# Nothing was to run at such moments, and somebody meant it so: what failures have paused was meant
# by nobody, and is silence. Blackouts and changes of the clocks the schedule knows by itself.
_EXCUSES = [
    reason.value
    for reason in (
        *(FireReason.EXPIRED, FireReason.PAUSED),
        *(FireReason.SKIP_REQUESTED, FireReason.MAINTENANCE),
    )
]
_FOLLOW = """
INSERT INTO watches AS w (account_id, owner_kind, owner_id, since, look_at)
VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (account_id, owner_kind, owner_id) DO UPDATE
   SET look_at = $4, since = CASE WHEN $5 OR w.since IS NULL THEN $4 ELSE w.since END
"""
_LEAVE = """
UPDATE watches SET since = NULL, late_at = NULL, down_at = NULL, look_at = NULL
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3
"""
_DUE = text(
    """
    SELECT account_id, owner_kind, owner_id FROM watches
     WHERE look_at <= (SELECT business_now()) ORDER BY look_at LIMIT :most
    """
)
# Locked before all else is read: whoever ends a run, or changes a schedule, comes before or after.
_CLAIM = """
SELECT w.account_id, w.owner_kind, w.owner_id, w.since, w.last_success_at, w.down_since
  FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS o(account_id, owner_kind, owner_id)
  JOIN watches w USING (account_id, owner_kind, owner_id)
 WHERE w.look_at <= $4
 ORDER BY w.account_id, w.owner_kind, w.owner_id
   FOR NO KEY UPDATE OF w SKIP LOCKED
"""
_FACTS = """
SELECT t.schedule, t.is_paused AND t.paused_by IS NOT NULL AS is_paused, t.skips_left,
       t.planned_until,
       o.owner_kind = 'job' AND EXISTS (
           SELECT FROM pending_runs p WHERE p.account_id = o.account_id
              AND p.job_id = o.owner_id AND p.token > 0
              AND p.leased_until > clock_timestamp())
       OR o.owner_kind = 'group' AND EXISTS (
           SELECT FROM group_runs g WHERE g.account_id = o.account_id
              AND g.group_id = o.owner_id AND NOT g.is_over) AS is_at_work,
       ARRAY (SELECT f.planned_at FROM fires f
               WHERE f.account_id = o.account_id AND f.owner_kind = o.owner_kind
                 AND f.owner_id = o.owner_id AND f.planned_at > o.after
                 AND f.reason = ANY ($5)
                 AND (f.reason <> 'paused' OR f.by IS NOT NULL)) AS excused
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
       WITH ORDINALITY AS o(account_id, owner_kind, owner_id, after, place)
  LEFT JOIN timetables t USING (account_id, owner_kind, owner_id)
 ORDER BY o.place
"""
_WRITE = """
UPDATE watches w SET late_at = s.late_at, down_at = s.down_at, look_at = s.look_at,
       down_since = s.down_since
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[],
              $6::timestamptz[], $7::timestamptz[])
       AS s(account_id, owner_kind, owner_id, late_at, down_at, look_at, down_since)
 WHERE w.account_id = s.account_id AND w.owner_kind = s.owner_kind AND w.owner_id = s.owner_id
"""
# As with any that waits: not at once, for what is wrong with it will be wrong then too.
_PUT_OFF = """
UPDATE watches SET look_at = business_now() + $4::interval
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3 AND look_at <= business_now()
"""
_LIST = """
SELECT owner_id, last_success_at, down_since, late_at, down_at, since IS NOT NULL AS is_watched
  FROM watches WHERE account_id = $1 AND owner_kind = $2 AND owner_id = ANY ($3)
"""


@dataclass(slots=True)
class Watched:
    """Something that is looked at, locked; without a schedule nothing is expected of it."""

    owner: Owner
    since: datetime | None
    last_success_at: datetime | None
    down_since: datetime | None
    schedule: dict[str, Any] | None = None
    is_paused: bool = False  # by somebody
    skips_left: int = 0
    planned_until: datetime | None = None
    is_at_work: bool = False
    excused: Sequence[datetime] = ()


class Seen(NamedTuple):
    """How it stands, now that it was looked at."""

    owner: Owner
    late_at: datetime | None
    down_at: datetime | None
    look_at: datetime | None
    down_since: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thing stands, as it was found when it was looked at."""

    last_success_at: datetime | None
    down_since: datetime | None
    late_at: datetime | None
    down_at: datetime | None
    is_watched: bool


async def follow(session: Transaction, owner: Owner, *, afresh: bool, now: datetime) -> None:
    """Have it looked at, now and when it would be down.

    Args:
        afresh: nothing is expected that was planned before now: another schedule, or resumed.
    """
    await (await driver_of(session)).execute(_FOLLOW, *owner, now, afresh)


async def leave(session: Transaction, owner: Owner) -> None:
    """Expect nothing of it any more; what it last was is kept."""
    await (await driver_of(session)).execute(_LEAVE, *owner)


async def due(connection: AsyncConnection, *, most: int) -> list[Owner]:
    """What is to be looked at, of all accounts, the longest due first."""
    rows = (await connection.execute(_DUE, {"most": most})).all()
    return [Owner(row.account_id, OwnerKind(row.owner_kind), row.owner_id) for row in rows]


async def claim(session: Transaction, owners: Sequence[Owner], *, now: datetime) -> list[Watched]:
    """Lock the due ones of these, with all that says whether a success is expected of them."""
    driver = await driver_of(session)
    columns = [list(values) for values in zip(*owners, strict=True)]
    rows = await driver.fetch(_CLAIM, *columns, now)
    found = [
        Watched(
            Owner(row["account_id"], OwnerKind(row["owner_kind"]), row["owner_id"]),
            *(row["since"], row["last_success_at"], row["down_since"]),
        )
        for row in rows
    ]
    if not found:
        return []
    columns = [list(values) for values in zip(*(one.owner for one in found), strict=True)]
    after = [max(filter(None, (one.since, one.last_success_at)), default=now) for one in found]
    facts = await driver.fetch(_FACTS, *columns, after, _EXCUSES)
    for one, row in zip(found, facts, strict=True):
        one.is_at_work, one.excused = row["is_at_work"], row["excused"]
        if row["schedule"] is not None:
            one.schedule, one.is_paused = row["schedule"], row["is_paused"]
            one.skips_left, one.planned_until = row["skips_left"], row["planned_until"]
    return found


async def write(session: Transaction, found: Sequence[Seen]) -> None:
    """Write how these stand; the caller has locked them."""
    columns = [
        list(values) for values in zip(*((*one.owner, *one[1:]) for one in found), strict=True)
    ]
    await (await driver_of(session)).execute(_WRITE, *columns)


async def put_off(session: Transaction, owner: Owner, *, by: timedelta) -> None:
    """Leave something alone for a while that cannot be looked at."""
    await (await driver_of(session)).execute(_PUT_OFF, *owner, by)


async def standings_of(
    session: Session, account_id: UUID, owner_kind: OwnerKind, owners: Sequence[UUID]
) -> dict[UUID, Standing]:
    """How these stand; what has never been published or run is missing."""
    driver = await driver_of(session)
    rows = await driver.fetch(_LIST, account_id, owner_kind.value, list(owners))
    return {
        row["owner_id"]: Standing(
            *(row["last_success_at"], row["down_since"], row["late_at"], row["down_at"]),
            row["is_watched"],
        )
        for row in rows
    }
