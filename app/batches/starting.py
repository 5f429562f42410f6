"""A run of a batch, whoever wants it: the schedule, or somebody by force."""

from datetime import datetime
from uuid import UUID

from app.core.ids import uuid7
from app.models.states import RunKind, RunTrigger
from app.runs.of_jobs import NewRun


def new_run(
    account_id: UUID,
    batch_id: UUID,
    trigger: RunTrigger,
    *,
    planned_at: datetime | None = None,
    requested_by: str | None = None,
    reason: str | None = None,
) -> NewRun:
    """One to be queued."""
    return NewRun(
        account_id=account_id,
        id=uuid7(),
        kind=RunKind.BATCH,
        trigger=trigger,
        subject_id=batch_id,
        job_id=None,
        requested_by=requested_by,
        reason=reason,
        planned_at=planned_at,
        schedule_minute=None,
        details={},
    )
