"""Jobs with timetables by set-based SQL: accounts in many zones, six types of schedules.

What is stored is what the API stores: the schedules go through the product's own model.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg

from app.schedules.schemas import stored

_PLAN = {"jobs": 1_000, "executions_per_day": 10_000, "minutes_per_day": 100_000}
ZONES = [
    *("UTC", "Europe/Berlin", "Europe/London", "Europe/Moscow", "America/New_York"),
    *("America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Shanghai", "Asia/Dubai"),
    *("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Pacific/Apia"),
    *("Africa/Cairo", "Africa/Lagos"),
]
_MINUTE = timedelta(minutes=1)
_ACCOUNTS = """
INSERT INTO accounts (id, name, timezone, plan, version)
SELECT uuidv7(), 'account ' || n, ($2::text[])[1 + n % cardinality($2::text[])], $3, 1
  FROM generate_series(1, $1::int) AS n
"""
_JOBS = """
INSERT INTO jobs (account_id, id, name, kind, config, ad_hoc, schedule, timeout, never_expires,
                  state, version, retries, expiry_warnings, created_at, updated_at, published_at)
SELECT a.id, uuidv7(), 'job ' || n, 'export',
       '{"object": "people", "format": "ndjson", "gzip": false, "raw": false}', false, '{}',
       interval '1 minute', true, 'published', 1, 0, 0, now(), now(), now()
  FROM accounts a CROSS JOIN generate_series(1, $1::int) AS n WHERE a.name LIKE 'account %'
"""
_LISTED = """
SELECT j.account_id, j.id, a.timezone FROM jobs j JOIN accounts a ON a.id = j.account_id
 ORDER BY md5(j.id::text)
"""
_TIMETABLES = """
INSERT INTO timetables (account_id, owner_kind, owner_id, schedule, since, planned_until, next_at)
SELECT account_id, 'job', id, schedule, $5, $5, next_at
  FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::timestamptz[])
       AS t(account_id, id, schedule, next_at)
"""
# Business time is moved there: no stretch ends a day or meets a change of the clocks.
NOON = datetime(2031, 1, 15, 12, tzinfo=UTC)
_MOVE_CLOCK = """
UPDATE business_clock SET "offset" = $1::timestamptz - clock_timestamp() RETURNING "offset"
"""


class Planned(NamedTuple):
    """A schedule, and its next moment."""

    schedule: dict[str, Any]
    at: datetime


async def seed_jobs(owner: asyncpg.Connection, how_many: int, *, accounts: int) -> None:
    """Published jobs without a timetable, as many in each account."""
    await owner.execute(_ACCOUNTS, accounts, ZONES, json.dumps(_PLAN))
    await owner.execute(_JOBS, how_many // accounts)
    await owner.execute("VACUUM (ANALYZE)")


async def plan(
    owner: asyncpg.Connection, moments: Iterable[datetime], *, calendar_share: int = 6
) -> int:
    """Give jobs these next moments, one each; how many have one.

    Args:
        calendar_share: of so many jobs one is left to each kind of plan that knows whole minutes
            only; their moment is the whole minute nearest to the given one.
    """
    listed = await owner.fetch(_LISTED)
    pairs = list(zip(listed, moments, strict=False))
    made = [_made(n, at, job["timezone"], calendar_share) for n, (job, at) in enumerate(pairs)]
    accounts, ids = [job["account_id"] for job, _ in pairs], [job["id"] for job, _ in pairs]
    schedules = [json.dumps(stored(one.schedule).model_dump(mode="json")) for one in made]
    since = min(one.at for one in made) - _MINUTE
    await owner.execute(_TIMETABLES, accounts, ids, schedules, [one.at for one in made], since)
    await owner.execute("VACUUM (ANALYZE) timetables")
    return len(made)


async def move_clock(owner: asyncpg.Connection, to: datetime) -> timedelta:
    """Let business time go on from a moment; how far it is ahead of the clock then."""
    offset: timedelta = await owner.fetchval(_MOVE_CLOCK, to)
    return offset


def spread(start: datetime, length: timedelta, how_many: int) -> Iterator[datetime]:
    """Moments at equal distances."""
    return (start + length * n / how_many for n in range(how_many))


def _made(n: int, at: datetime, timezone: str, share: int) -> Planned:
    kind = n % share
    if kind < len(_OF_CALENDAR):
        at = (at + _MINUTE / 2).replace(second=0, microsecond=0)
        document = _OF_CALENDAR[kind](at.astimezone(ZoneInfo(timezone)))
    elif n % 2:
        document = {"type": "once", "starts_at": at.isoformat()}
    else:
        document = {"type": "interval", "every": "PT2H", "starts_at": at.isoformat()}
    return Planned({"timezone": timezone, **document}, at)


_OF_CALENDAR: list[Callable[[datetime], dict[str, Any]]] = [
    lambda local: {"type": "daily", "at": [f"{local:%H:%M}"]},
    lambda local: {"type": "weekly", "at": [f"{local:%H:%M}"], "weekdays": [f"{local:%a}".lower()]},
    lambda local: {"type": "monthly", "at": [f"{local:%H:%M}"], "days": [local.day]},
    lambda local: {"type": "cron", "cron": f"{local.minute} {local.hour} * * *"},
]
