"""Trying again what failed: a child run with exactly the failed and the unprocessed rows."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.ids import uuid7
from app.imports import runs
from app.imports.errors import AlreadyRetried, NotAnImport, NothingToRetry, RowsForgotten
from app.models import ImportChunk, Run, Upload
from app.models.states import RunKind, RunState, RunTrigger, UploadState

_ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}


async def retry_failed(
    session: Session, run: Run, *, by: str, user_id: UUID, now: datetime
) -> tuple[Upload, UUID]:
    """Queue a child run over the rows of an ended import that failed or were never attempted.

    The rows keep their numbers. They belong to an upload of their own, which has the files of the
    child run.

    Raises:
        NotAnImport: it is none, or has not ended.
        NothingToRetry: no row is left to try.
        RowsForgotten: its rows were kept for 30 days.
        AlreadyRetried: a child run has them; retry that one.
    """
    if run.kind is not RunKind.IMPORT or run.state not in _ENDED or run.subject_id is None:
        raise NotAnImport
    if not (run.failed or run.unprocessed):
        raise NothingToRetry
    kept = await session.exec(
        select(ImportChunk.number)
        .where(col(ImportChunk.account_id) == run.account_id, col(ImportChunk.run_id) == run.id)
        .limit(1)
    )
    if kept.first() is None:
        raise RowsForgotten
    # Whoever retries twice at once finds the other's child behind this lock.
    found = await session.exec(
        select(Upload)
        .where(col(Upload.account_id) == run.account_id, col(Upload.id) == run.subject_id)
        .with_for_update()
    )
    upload = found.one()
    before = await session.exec(
        select(Run.id)
        .join(
            Upload,
            (col(Upload.account_id) == col(Run.account_id)) & (col(Upload.run_id) == col(Run.id)),
        )
        .where(
            col(Upload.account_id) == run.account_id,
            col(Upload.parent_run_id) == run.id,
            col(Run.trigger) == RunTrigger.RETRY.value,
        )
    )
    earlier = before.first()
    if earlier is not None:
        raise AlreadyRetried(run_id=earlier)
    child = Upload(
        account_id=run.account_id,
        id=uuid7(),
        state=UploadState.OPEN,
        object=upload.object,
        operation=upload.operation,
        campaign_id=upload.campaign_id,
        sequence_id=upload.sequence_id,
        mapping=upload.mapping,
        format=upload.format,
        stop_after=upload.stop_after,
        user_id=user_id,
        user_name=by,
        columns=upload.columns,
        parent_run_id=run.id,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    session.add(child)
    await session.flush()
    run_id = await runs.start(
        session, child, by=by, now=now, trigger=RunTrigger.RETRY, details={"is_retry": True}
    )
    await session.refresh(child)
    return child, run_id
