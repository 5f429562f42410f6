"""Reading runs."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Run
from app.models.states import RunKind, RunState
from app.runs.errors import RunNotFound


async def get_run(session: Session, account_id: UUID, run_id: UUID) -> Run:
    """The run with this id; raises RunNotFound."""
    found = await session.exec(
        select(Run).where(col(Run.account_id) == account_id, col(Run.id) == run_id)
    )
    run = found.one_or_none()
    if run is None:
        raise RunNotFound(run_id=run_id)
    return run


async def list_runs(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    kind: RunKind | None,
    state: RunState | None,
    subject_id: UUID | None,
    job_id: UUID | None = None,
) -> Sequence[Run]:
    """Runs, newest first, behind the position."""
    statement = select(Run).where(col(Run.account_id) == account_id)
    if kind is not None:
        statement = statement.where(col(Run.kind) == kind.value)
    if state is not None:
        statement = statement.where(col(Run.state) == state.value)
    if subject_id is not None:
        statement = statement.where(col(Run.subject_id) == subject_id)
    if job_id is not None:
        statement = statement.where(col(Run.job_id) == job_id)
    if at.after is not None:
        statement = statement.where(col(Run.id) < at.after)
    found = await session.exec(statement.order_by(col(Run.id).desc()).limit(at.fetch_rows))
    return found.all()
