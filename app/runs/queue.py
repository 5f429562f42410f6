"""Runs that wait for a worker: queued with what caused them, claimed under a token, given back.

queue_run ──▶ pending_runs ──▶ claim (token + 1) ──▶ renew … renew ──▶ end_run: the row is gone
                  ▲                                    │
                  └── lease over: the next worker ─────┘ token gone: RunLost, nothing written
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.driver import Transaction, driver_of
from app.core.errors import Conflict
from app.core.ids import uuid7
from app.core.queue import Ring, Task, ring_after
from app.models.states import RunKind, RunState, RunTrigger
from app.runs import booking, calls, volume, watching
from app.runs.news import tell_of_run

# What moves rows; code of customers has places of its own.
BULK = (RunKind.IMPORT, RunKind.EXPORT)

_QUEUE = """
WITH run AS (
    INSERT INTO runs (account_id, id, kind, state, trigger, subject_id, requested_by, attempt,
                      token, queued_at, parent_run_id, details, job_id)
    VALUES ($1, $2, $3, 'queued', $4, $5, $6, 0, 0, $7, $8, $9, $10)
    RETURNING account_id, id, kind, queued_at, job_id)
INSERT INTO pending_runs (account_id, run_id, kind, due_at, token, job_id)
SELECT account_id, id, kind, queued_at, 0, job_id FROM run
"""
# One account's claims go one after the other, or two workers would both take the last place.
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('runs ' || $1::uuid, 0))"
_CLAIM = """
UPDATE pending_runs SET token = token + 1, holder = $3, leased_until = clock_timestamp() + $4
 WHERE (account_id, run_id) IN (
       SELECT account_id, run_id FROM pending_runs q
        WHERE account_id = $1 AND run_id = $2 AND leased_until < clock_timestamp()
          AND due_at <= business_now()
          AND (NOT q.is_buffered OR token > 0 OR NOT EXISTS (
               SELECT FROM pending_runs before WHERE before.account_id = $1
                  AND before.job_id = q.job_id AND before.run_id < q.run_id))
          AND (token > 0 OR (SELECT count(*) FROM pending_runs other
                              WHERE other.account_id = $1 AND other.kind = q.kind
                                AND other.token > 0) < $5)
          FOR UPDATE SKIP LOCKED)
RETURNING kind, token
"""
_START = """
UPDATE runs SET state = 'running', started_at = coalesce(started_at, business_now()), token = $3
 WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING subject_id, details, (SELECT business_now()) AS now, attempt, planned_at
"""
_RENEW = """
UPDATE pending_runs SET leased_until = clock_timestamp() + $4
 WHERE account_id = $1 AND run_id = $2 AND token = $3
RETURNING business_now() AS now
"""
_RELEASE = """
UPDATE pending_runs SET leased_until = '-infinity', holder = NULL
 WHERE account_id = $1 AND run_id = $2 AND token = $3
"""
_END = """
UPDATE runs SET state = $3, finished_at = business_now(), error_code = $4, error_detail = $5,
       started_at = CASE WHEN state = 'running' THEN started_at END
 WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING kind, trigger, subject_id, total, succeeded, failed, skipped, unprocessed, finished_at,
          job_id, queued_at, started_at, (details->>'held')::float8 AS held, error_code,
          error_detail, (details->>'usual_rows')::float8 AS usual_rows
"""
_FORGET = "DELETE FROM pending_runs WHERE account_id = $1 AND run_id = $2"
_WAITING = """
SELECT count(*) FROM pending_runs WHERE account_id = $1 AND kind = $2 AND token = 0
"""
# Started runs whose worker is gone first, then those whose account has a place, in their order.
# The clock in a subquery: asked for every row, it was five sixths of a look at 10,000 of them.
_DUE = text(
    """
    SELECT q.account_id, q.run_id FROM (
        SELECT p.*, count(*) FILTER (WHERE token > 0) OVER (PARTITION BY account_id, kind) AS begun,
               row_number() OVER (PARTITION BY account_id, kind, token > 0 ORDER BY run_id) AS place
          FROM pending_runs p WHERE due_at <= (SELECT business_now()) AND kind = ANY (:kinds)
           AND (NOT is_buffered OR token > 0 OR NOT EXISTS (
                SELECT FROM pending_runs before WHERE before.account_id = p.account_id
                   AND before.job_id = p.job_id AND before.run_id < p.run_id))) q
     WHERE q.leased_until < clock_timestamp() AND (q.token > 0 OR q.begun + q.place <= :places)
     ORDER BY q.token = 0, q.place, q.run_id LIMIT :most
    """
)


class RunLost(Conflict):
    """Another worker has the run by now, or it has ended; nothing of this was written."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to work on a run, until another token is given out."""

    account_id: UUID
    run_id: UUID
    kind: RunKind
    token: int
    subject_id: UUID | None
    details: dict[str, Any]
    claimed_at: datetime
    planned_at: datetime | None = None


async def queue_run(  # noqa: PLR0913  (a run has that many facts)
    session: Transaction,
    account_id: UUID,
    kind: RunKind,
    *,
    trigger: RunTrigger,
    subject_id: UUID | None,
    requested_by: str | None,
    now: datetime,
    parent_run_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
    job_id: UUID | None = None,
) -> UUID:
    """Have a run worked on by whichever worker is free first; returns its id."""
    run_id = uuid7()
    driver = await driver_of(session)
    await driver.execute(
        _QUEUE,
        *(account_id, run_id, kind.value, trigger.value, subject_id, requested_by, now),
        *(parent_run_id, json.dumps(dict(details or {})), job_id),
    )
    ring_after(session, Ring(Task.WORK_ON_RUN, account_id, run_id))
    return run_id


async def take_turn(session: Transaction, account_id: UUID) -> None:
    """Go one after the other with whoever else counts or claims this account's runs."""
    await (await driver_of(session)).execute(_TURN, account_id)


async def count_waiting(session: Transaction, account_id: UUID, kind: RunKind) -> int:
    """How many runs of this kind nobody has begun; after `take_turn` it stays true."""
    found: int = await (await driver_of(session)).fetchval(_WAITING, account_id, kind.value)
    return found


async def due_runs(
    connection: AsyncConnection, *, places: int, most: int, kinds: Collection[RunKind] = BULK
) -> list[tuple[UUID, UUID]]:
    """Runs that somebody may claim: (account, run); at most `places` of an account and kind at
    work.
    """
    given = {"places": places, "most": most, "kinds": [kind.value for kind in kinds]}
    rows = (await connection.execute(_DUE, given)).all()
    return [(row.account_id, row.run_id) for row in rows]


async def claim(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    *,
    holder: str,
    lease: timedelta,
    places: int,
) -> Claimed | None:
    """Take a run that is due and free; None if it is neither, or its account has no place left."""
    await take_turn(session, account_id)
    driver = await driver_of(session)
    taken = await driver.fetchrow(_CLAIM, account_id, run_id, holder, lease, places)
    if taken is None:
        return None
    started = await driver.fetchrow(_START, account_id, run_id, taken["token"])
    if started is None:
        await driver.execute(_FORGET, account_id, run_id)
        return None
    session.info["now"] = started["now"]
    kind = RunKind(taken["kind"])
    if taken["token"] == 1:
        await tell_of_run(
            session, account_id, run_id, RunState.RUNNING, kind=kind, at=started["now"]
        )
    return Claimed(
        *(account_id, run_id, kind, taken["token"], started["subject_id"], started["details"]),
        started["now"],
        started["planned_at"],
    )


async def renew(session: Transaction, claimed: Claimed, *, by: timedelta) -> datetime:
    """Hold the run for this transaction and `by` longer; returns business time.

    Raises:
        RunLost: the token is not the run's any more.
    """
    driver = await driver_of(session)
    now: datetime | None = await driver.fetchval(
        _RENEW, claimed.account_id, claimed.run_id, claimed.token, by
    )
    if now is None:
        raise RunLost
    session.info["now"] = now
    return now


async def release(session: Transaction, claimed: Claimed) -> None:
    """Give a run back that goes on elsewhere; silent if it is gone."""
    driver = await driver_of(session)
    await driver.execute(_RELEASE, claimed.account_id, claimed.run_id, claimed.token)


async def end_run(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    state: RunState,
    *,
    error: tuple[str, str] | None = None,
) -> bool:
    """End a run and tell of it; False, and nothing changes, if it has ended before.

    A success with a number of rows that is far from what its job has had before becomes one with
    warnings, and is told of.

    Args:
        error: a code and a sentence.
    """
    driver = await driver_of(session)
    code, detail = error or (None, None)
    # In the order of whoever renews: its place in the queue before the run.
    await driver.execute(_FORGET, account_id, run_id)
    if state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS):
        state = await volume.judged(session, account_id, run_id, state)
    ended = await driver.fetchrow(_END, account_id, run_id, state.value, code, detail)
    if ended is None:
        return False
    kind = RunKind(ended["kind"])
    if ended["job_id"] is not None:
        if kind is not RunKind.CODE:
            await booking.book(session, account_id, ended)
        await calls.call_groups(session, account_id, run_id, at=ended["finished_at"])
    await tell_of_run(
        session,
        account_id,
        run_id,
        state,
        kind=kind,
        at=ended["finished_at"],
        counts={name: ended[name] for name in _COUNTS},
        error=code,
    )
    await watching.tell_of_end(session, account_id, run_id, ended, state)
    return True


_COUNTS = ("total", "succeeded", "failed", "skipped", "unprocessed")
