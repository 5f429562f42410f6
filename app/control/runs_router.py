"""The ledger's pages: which runs there were, and how each stands."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.accounts.caller import Caller, Reader, requires
from app.accounts.transaction import Tx
from app.core.auth import Scope
from app.core.pages import BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.models import Run
from app.models.states import RunKind, RunState
from app.runs import queries
from app.runs.errors import RunNotFound
from app.runs.schemas import RunError, RunRead

router = APIRouter(tags=["runs"], route_class=Route)

# An installation key sees the runs of the installation, e.g. of its clock.
RunReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.PLATFORM))]


@router.get("/runs", response_model=Page[RunRead], responses=problems(BadCursor))
async def list_runs(
    caller: Reader,
    tx: Tx,
    kind: Annotated[RunKind | None, Query(description="What ran.")] = None,
    state: Annotated[RunState | None, Query(description="How it stands.")] = None,
    campaign: Annotated[UUID | None, Query(description="A campaign's id.")] = None,
    job: Annotated[UUID | None, Query(description="A job's id.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> dict[str, object]:
    """Runs, newest first."""
    at = position(caller.account_id, "runs", cursor, limit, kind, state, campaign, job)
    found = await queries.list_runs(
        tx, caller.account_id, at, kind=kind, state=state, subject_id=campaign, job_id=job
    )
    rows, following = at.page(found, lambda run: run.id)
    return {"items": [shown(run) for run in rows], "next_cursor": following}


@router.get("/runs/{run_id}", response_model=RunRead, responses=problems(RunNotFound))
async def read_run(run_id: UUID, caller: RunReader, tx: Tx) -> RunRead:
    """One run, with its counts as they stand now."""
    return shown(await queries.get_run(tx, caller.account_id, run_id))


def shown(run: Run) -> RunRead:
    """A run as it is answered with."""
    failed = run.error_code is not None
    details = dict(run.details)
    progress = details.pop("progress", None)
    # What a caller has given to the code is the code's to show.
    details.pop("body", None)
    return RunRead.model_validate(
        {
            **run.model_dump(),
            "details": details,
            "progress": progress if run.state is RunState.RUNNING else None,
            "campaign_id": run.subject_id if run.kind is RunKind.SCORING else None,
            "upload_id": run.subject_id if run.kind is RunKind.IMPORT else None,
            "error": RunError(code=run.error_code or "", detail=run.error_detail or "")
            if failed
            else None,
        }
    )
