"""Runs of jobs and batches: queued many at a time, for a minute's fires are thousands; those not
over.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.driver import Transaction, driver_of
from app.core.queue import Ring, Task, ring_after
from app.models.states import RunKind, RunTrigger

_QUEUE = """
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[],
                         $7::text[], $8::text[], $9::timestamptz[], $10::int[], $11::jsonb[],
                         $12::bool[], $13::uuid[])
        AS w(account_id, id, kind, trigger, subject_id, job_id, requested_by, reason, planned_at,
             schedule_minute, details, is_buffered, parent_run_id)),
run AS (
    INSERT INTO runs (account_id, id, kind, state, trigger, subject_id, job_id, requested_by,
                      reason, planned_at, schedule_minute, details, attempt, token, queued_at,
                      parent_run_id)
    SELECT account_id, id, kind, 'queued', trigger, subject_id, job_id, requested_by, reason,
           planned_at, schedule_minute, details, 0, 0, $14, parent_run_id FROM wanted)
INSERT INTO pending_runs (account_id, run_id, kind, job_id, is_buffered, due_at, token)
SELECT account_id, id, kind, job_id, is_buffered, $14, 0 FROM wanted
"""
_UNFINISHED = """
SELECT run_id FROM pending_runs WHERE account_id = $1 AND job_id = $2 ORDER BY run_id LIMIT 1
"""
_HOLD = """
SELECT run_id FROM pending_runs WHERE account_id = $1 AND run_id = $2 FOR UPDATE
"""
_DUE = text(
    """
    SELECT account_id, run_id, kind FROM pending_runs
     WHERE (job_id IS NOT NULL OR kind = 'batch') AND token >= :least
       AND due_at <= (SELECT business_now())
    """
)
# A ring wakes a worker, which then takes whatever is due; a few wake several.
_MOST_RINGS = 4


class NewRun(NamedTuple):
    """A run of a job, or of a batch, to be queued."""

    account_id: UUID
    id: UUID
    kind: RunKind
    trigger: RunTrigger
    subject_id: UUID | None
    job_id: UUID | None
    requested_by: str | None
    reason: str | None
    planned_at: datetime | None
    schedule_minute: int | None
    details: dict[str, Any]
    # Waits until the job's earlier runs have ended.
    is_buffered: bool = False
    parent_run_id: UUID | None = None


async def queue_runs(session: Transaction, runs: Sequence[NewRun], *, now: datetime) -> None:
    """Have these worked on by whichever workers are free first."""
    if not runs:
        return
    columns = [list(values) for values in zip(*runs, strict=True)]
    columns[10] = [json.dumps(details) for details in columns[10]]
    await (await driver_of(session)).execute(_QUEUE, *columns, now)
    for run in runs[:_MOST_RINGS]:
        ring_after(session, Ring(Task.WORK_ON_RUN, run.account_id, run.id))


async def find_unfinished(session: Transaction, account_id: UUID, job_id: UUID) -> UUID | None:
    """The oldest run of a job that has not ended, begun or not; None if all have."""
    driver = await driver_of(session)
    found: UUID | None = await driver.fetchval(_UNFINISHED, account_id, job_id)
    return found


async def hold_unfinished(session: Transaction, account_id: UUID, job_id: UUID) -> UUID | None:
    """The same, and it does not end before this transaction; None if all have ended."""
    driver = await driver_of(session)
    while (found := await find_unfinished(session, account_id, job_id)) is not None:
        if await driver.fetchval(_HOLD, account_id, found) is not None:
            break
    return found


async def due_runs_of_jobs(
    connection: AsyncConnection, *, begun: bool = False
) -> list[tuple[UUID, UUID, RunKind]]:
    """Runs of jobs and batches that are due and not over, or only those that a worker has begun."""
    rows = (await connection.execute(_DUE, {"least": int(begun)})).all()
    return [(row.account_id, row.run_id, RunKind(row.kind)) for row in rows]
