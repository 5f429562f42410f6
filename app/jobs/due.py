"""The SQL of firing: due timetables of jobs locked with their jobs, and what runs of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.accounts.plans import plan_of
from app.accounts.quotas.days import Terms
from app.core.driver import Row, Transaction, driver_of
from app.fires.standing import COLUMNS, Standing
from app.jobs.starting import What
from app.models.states import JobKind

# A job that somebody is changing is passed over: its change records what is due by itself.
_CLAIM = f"""
SELECT {COLUMNS}, t.schedule::text AS schedule,
       j.name, j.kind, j.config, j.source, j.timeout, j.active_version, j.expires_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, job_id)
  JOIN timetables t ON t.account_id = w.account_id AND t.owner_kind = 'job'
   AND t.owner_id = w.job_id
  JOIN jobs j ON j.account_id = t.account_id AND j.id = t.owner_id
 WHERE t.next_at <= $3
 ORDER BY t.account_id, t.owner_id
   FOR NO KEY UPDATE OF t, j"""
_FACTS = """
SELECT ARRAY (SELECT p.run_id FROM pending_runs p
               WHERE p.account_id = w.account_id AND p.job_id = w.job_id
               ORDER BY p.run_id) AS unfinished,
       (SELECT count(*) FROM pending_runs p
         WHERE p.account_id = w.account_id AND p.job_id = w.job_id
           AND p.is_buffered AND p.token = 0) AS buffered,
       (SELECT f.planned_at FROM fires f
         WHERE f.account_id = w.account_id AND f.owner_kind = 'job' AND f.owner_id = w.job_id
           AND f.planned_at > w.after AND f.outcome = 'ran'
         ORDER BY f.planned_at DESC LIMIT 1) AS last_ran_at,
       CASE WHEN w.most_failures > 0 THEN
       (SELECT count(*) FROM (
               SELECT r.state FROM runs r
                WHERE r.account_id = w.account_id AND r.job_id = w.job_id
                  AND r.finished_at > w.since
                  AND r.state IN ('succeeded', 'succeeded_with_warnings', 'failed')
                ORDER BY r.id DESC LIMIT w.most_failures) AS last
         WHERE last.state = 'failed') ELSE 0 END AS failures
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::timestamptz[])
       WITH ORDINALITY AS w(account_id, job_id, after, most_failures, since, place)
 ORDER BY w.place
"""
_TERMS = "SELECT id, timezone, plan FROM accounts WHERE id = ANY ($1::uuid[])"
# As whoever ends or renews them does, so that both go one after the other.
_LOCK_RUNS = """
SELECT FROM pending_runs p JOIN unnest($1::uuid[], $2::uuid[]) AS w(account_id, run_id)
    ON p.account_id = w.account_id AND p.run_id = w.run_id
 ORDER BY p.account_id, p.run_id FOR UPDATE OF p
"""


@dataclass(slots=True, kw_only=True)
class Due(Standing):
    """A job's timetable, locked: how it stands, and what of the job is at work."""

    what: What


async def claim(
    session: Transaction, jobs: Sequence[tuple[UUID, UUID]], *, waits: bool, now: datetime
) -> list[Due]:
    """Lock the due ones of these, as (account, job), in their order.

    Args:
        waits: for those that others have locked; else they are passed over.
    """
    sql = _CLAIM if waits else f"{_CLAIM} SKIP LOCKED"
    accounts, ids = [account_id for account_id, _ in jobs], [job_id for _, job_id in jobs]
    rows = await (await driver_of(session)).fetch(sql, accounts, ids, now)
    return [_due(row) for row in rows]


async def terms_of(session: Transaction, accounts: set[UUID]) -> dict[UUID, Terms]:
    """The plans of these accounts, and the zones of their days."""
    rows = await (await driver_of(session)).fetch(_TERMS, list(accounts))
    return {row["id"]: (plan_of(row["plan"]), row["timezone"]) for row in rows}


async def look_at_runs(
    session: Transaction, found: Sequence[Due], gaps: Sequence[timedelta]
) -> None:
    """Fill in what is at work of these, when they ran last within the gap, how often they failed.

    After the lock, in a statement of its own: nobody starts another run of them any more.
    """
    rows = await (await driver_of(session)).fetch(
        _FACTS,
        [one.what.account_id for one in found],
        [one.what.job_id for one in found],
        [one.situation.planned_until - gap for one, gap in zip(found, gaps, strict=True)],
        [one.schedule.pause_after_failures or 0 for one in found],
        [one.since for one in found],
    )
    for one, row in zip(found, rows, strict=True):
        one.unfinished, one.buffered = row["unfinished"], row["buffered"]
        one.last_ran_at, one.failures = row["last_ran_at"], row["failures"]


async def lock_runs(session: Transaction, found: Sequence[Due]) -> None:
    """Lock what is at work of these: before any day, which whoever ends a run locks after it."""
    places = [(one.what.account_id, run_id) for one in found for run_id in one.unfinished]
    if places:
        accounts, runs = zip(*places, strict=True)
        await (await driver_of(session)).execute(_LOCK_RUNS, list(accounts), list(runs))


def _due(row: Row) -> Due:
    config: dict[str, Any] = row["config"]
    place = (row["account_id"], row["owner_id"])
    what = What(
        *(*place, row["name"], JobKind(row["kind"]), config, row["source"]),
        *(row["timeout"], row["active_version"]),
    )
    return Due.of(row, what=what)
