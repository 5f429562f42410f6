"""Reading runs."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Run
from app.models.states import RunKind, RunState, RunTrigger
from app.runs.errors import RunNotFound
from app.runs.schemas import RunFilters

# While a newer version is being rolled out beside this one, it may write words that this one does
# not know, nor could show. Its runs are not there yet for those who ask here.
_KNOWN = (
    col(Run.kind).in_(list(RunKind)),
    col(Run.state).in_(list(RunState)),
    col(Run.trigger).in_(list(RunTrigger)),
)


async def get_run(session: Session, account_id: UUID, run_id: UUID) -> Run:
    """The run with this id; raises RunNotFound."""
    found = await session.exec(
        select(Run).where(col(Run.account_id) == account_id, col(Run.id) == run_id, *_KNOWN)
    )
    run = found.one_or_none()
    if run is None:
        raise RunNotFound(run_id=run_id)
    return run


async def list_runs(
    session: Session, account_id: UUID, at: Position, wanted: RunFilters
) -> Sequence[Run]:
    """Runs, newest first, behind the position."""
    statement = select(Run).where(col(Run.account_id) == account_id, *_KNOWN)
    equal = (
        (col(Run.kind), wanted.kind),
        (col(Run.state), wanted.state),
        (col(Run.trigger), wanted.trigger),
        (col(Run.subject_id), wanted.campaign),
        (col(Run.job_id), wanted.job),
        (col(Run.parent_run_id), wanted.parent),
        (col(Run.subject_id), wanted.group),
    )
    for column, value in equal:
        if value is not None:
            statement = statement.where(column == value)
    if at.after is not None:
        statement = statement.where(col(Run.id) < at.after)
    found = await session.exec(statement.order_by(col(Run.id).desc()).limit(at.fetch_rows))
    return found.all()
