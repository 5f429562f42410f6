"""The ledger's pages: which runs there were, and how each stands."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.accounts.caller import Caller, Reader, requires
from app.accounts.transaction import Tx
from app.control.showing import read, shown
from app.core.auth import Scope
from app.core.pages import BadCursor, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.runs import queries
from app.runs.errors import RunNotFound
from app.runs.schemas import RunFilters, RunRead

router = APIRouter(tags=["runs"], route_class=Route)

# An installation key sees the runs of the installation, e.g. of its clock.
RunReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.PLATFORM))]


@router.get("/runs", response_model=Page[RunRead], responses=problems(BadCursor))
async def list_runs(
    caller: Reader, tx: Tx, wanted: Annotated[RunFilters, Query()]
) -> dict[str, object]:
    """Runs, newest first."""
    filters = wanted.model_dump(exclude={"limit", "cursor"})
    at = position(caller.account_id, "runs", wanted.cursor, wanted.limit, *filters.values())
    found = await queries.list_runs(tx, caller.account_id, at, wanted)
    rows, following = at.page(found, lambda run: run.id)
    return {"items": [shown(run) for run in rows], "next_cursor": following}


@router.get("/runs/{run_id}", response_model=RunRead, responses=problems(RunNotFound))
async def read_run(run_id: UUID, caller: RunReader, tx: Tx) -> RunRead:
    """One run, with its counts as they stand now."""
    return await read(tx, caller.account_id, run_id)
