"""Runs of imports: started by a complete upload, ended once, and their accounts of rows.

    UploadComplete ──▶ queued ──▶ reading ──▶ loading, chunk by chunk ──▶ finish
                          │          │ a file that makes no sense: failed before row 1
                          └──────────┴─────────── abort: what has no result is unprocessed

`finish` ends all of them: it takes the pending chunks away, waits for the one at hand by its row's
lock, and only then counts, so the account of an aborted run is exact.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.imports.errors import ImportOver
from app.models import Upload
from app.models.states import RunKind, RunState, RunTrigger, UploadState
from app.runs import queue

_STARTED = """
UPDATE uploads SET state = 'UploadComplete', run_id = $3, completed_at = $4
 WHERE account_id = $1 AND id = $2
"""
# Locks go in the order of whoever watches over the run: its place in the queue, the run, its
# lane, its chunks.
_QUEUED = "SELECT FROM pending_runs WHERE account_id = $1 AND run_id = $2 FOR UPDATE"
_IS_OPEN = """
SELECT subject_id FROM runs
 WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'running') FOR UPDATE
"""
_CLEAR = "DELETE FROM pending_imports WHERE account_id = $1 AND run_id = $2"
# A lane of the upload's own held the rows that have no campaign.
_CLEAR_LANE = "DELETE FROM lanes WHERE account_id = $1 AND campaign_id = $2"
_CLEAR_CHUNKS = "DELETE FROM import_chunks WHERE account_id = $1 AND run_id = $2"
_COUNT = """
UPDATE runs r SET processed = c.done, succeeded = c.succeeded, failed = c.failed,
       skipped = c.skipped, created = c.created, updated = c.updated,
       unprocessed = r.total - c.done, details = r.details || $3::jsonb
  FROM (SELECT coalesce(sum(done), 0) AS done, coalesce(sum(succeeded), 0) AS succeeded,
               coalesce(sum(failed), 0) AS failed, coalesce(sum(skipped), 0) AS skipped,
               coalesce(sum(created), 0) AS created, coalesce(sum(updated), 0) AS updated
          FROM import_chunks WHERE account_id = $1 AND run_id = $2) c
 WHERE r.account_id = $1 AND r.id = $2 AND r.total IS NOT NULL
RETURNING r.total, r.processed, r.failed
"""
_UPLOAD_ENDED = "UPDATE uploads SET state = $3 WHERE account_id = $1 AND id = $2"
_CANCELLED = """
UPDATE runs SET details = details || jsonb_build_object('cancelled_by', $3::text)
 WHERE account_id = $1 AND id = $2
"""
_UPLOAD_STATE = {
    RunState.SUCCEEDED: UploadState.JOB_COMPLETE,
    RunState.SUCCEEDED_WITH_WARNINGS: UploadState.JOB_COMPLETE,
    RunState.FAILED: UploadState.FAILED,
    RunState.CANCELLED: UploadState.ABORTED,
}


async def start(
    session: Transaction,
    upload: Upload,
    *,
    by: str,
    now: datetime,
    trigger: RunTrigger = RunTrigger.API,
    details: dict[str, Any] | None = None,
) -> UUID:
    """Queue the run of a complete upload; returns the run's id."""
    run_id = await queue.queue_run(
        session,
        upload.account_id,
        RunKind.IMPORT,
        trigger=trigger,
        subject_id=upload.id,
        requested_by=by,
        now=now,
        parent_run_id=upload.parent_run_id,
        details=details,
    )
    driver = await driver_of(session)
    await driver.execute(_STARTED, upload.account_id, upload.id, run_id, now)
    return run_id


async def count(
    session: Transaction, account_id: UUID, run_id: UUID, details: str = "{}"
) -> tuple[int, int, int] | None:
    """Write the run's account as its chunks have it: (total, processed, failed).

    None while the file is not read.
    """
    driver = await driver_of(session)
    row = await driver.fetchrow(_COUNT, account_id, run_id, details)
    return (row["total"], row["processed"], row["failed"]) if row else None


async def finish(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    state: RunState,
    *,
    error: tuple[str, str] | None = None,
) -> bool:
    """End an import and account for every row; False if it has ended before. Safe to repeat.

    A success whose rows did not all succeed becomes one with warnings.
    """
    driver = await driver_of(session)
    await driver.execute(_QUEUED, account_id, run_id)
    upload_id = await driver.fetchval(_IS_OPEN, account_id, run_id)
    if upload_id is None:
        return False
    await driver.execute(_CLEAR_LANE, account_id, upload_id)
    await driver.execute(_CLEAR, account_id, run_id)
    counts = await count(session, account_id, run_id)
    if state is RunState.SUCCEEDED and counts is not None and counts[2]:
        state = RunState.SUCCEEDED_WITH_WARNINGS
    await queue.end_run(session, account_id, run_id, state, error=error)
    # Whoever is still reading has lost the run by now; what was read so far is of no file.
    if counts is None:
        await driver.execute(_CLEAR_CHUNKS, account_id, run_id)
    await driver.execute(_UPLOAD_ENDED, account_id, upload_id, _UPLOAD_STATE[state].value)
    return True


async def abort(
    session: Transaction, account_id: UUID, run_id: UUID, *, by: str | None = None
) -> None:
    """End an import in the middle: rows without a result are unprocessed.

    Raises:
        ImportOver: it has ended already.
    """
    if not await finish(session, account_id, run_id, RunState.CANCELLED):
        raise ImportOver
    if by is not None:
        await (await driver_of(session)).execute(_CANCELLED, account_id, run_id, by)
