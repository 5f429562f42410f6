"""Runs of batches: forced, skipped, and what they did."""

from fastapi import APIRouter, Response

from app.accounts.caller import Operator, Reader
from app.accounts.transaction import Now, Tx
from app.batches import queries, service
from app.batches.errors import AlreadyRunning, BatchNotFound
from app.batches.naming import Named
from app.control.showing import begun, busy, read, shown
from app.control.starts_router import ForceOrder
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.fires.schemas import SkipOrder, SkipsRead
from app.runs.schemas import RunRead
from app.sequences import planning

router = APIRouter(tags=["batches"], route_class=Route)


@router.post(
    "/batches/{name}/force",
    status_code=202,
    response_model=RunRead,
    responses=problems(BatchNotFound, AlreadyRunning),
)
async def force_batch(
    caller: Operator,
    name: Named,
    response: Response,
    tx: Tx,
    now: Now,
    order: ForceOrder | None = None,
) -> RunRead | Response:
    """Run a batch out of turn: also while it is paused, and without a change to what is planned.

    If a run of it is at work, that one is at Location.
    """
    reason = None if order is None else order.reason
    try:
        run_id = await service.force(
            tx, caller.account_id, name, reason=reason, by=caller.user, now=now
        )
    except AlreadyRunning as error:
        return busy(error, error.facts["run_id"])
    begun(response, run_id)
    return await read(tx, caller.account_id, run_id)


@router.post("/batches/{name}/skip", response_model=SkipsRead, responses=problems(BatchNotFound))
async def skip_fires_of_batch(
    caller: Operator, name: Named, order: SkipOrder, tx: Tx, now: Now
) -> SkipsRead:
    """Let the next planned moments of a batch pass without a run; then all is as before."""
    return await service.skip(tx, caller.account_id, name, order, by=caller.user, now=now)


@router.delete("/batches/{name}/skip", status_code=204, responses=problems(BatchNotFound))
async def skip_no_more_of_batch(caller: Operator, name: Named, tx: Tx, now: Now) -> None:
    """Undo what is left to be skipped of a batch. Safe to repeat."""
    await service.skip_no_more(tx, caller.account_id, name, now=now)


@router.get(
    "/batches/{name}/runs",
    response_model=Page[RunRead],
    responses=problems(BatchNotFound, BadCursor),
)
async def list_runs_of_batch(
    caller: Reader,
    name: Named,
    tx: Tx,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The runs of a batch, newest first; each tells in `details.steps` what it did."""
    at = position(caller.account_id, "batch_runs", cursor, limit, name)
    found = await queries.list_runs(tx, caller.account_id, planning.IDS[name], at)
    rows, following = at.page(found, lambda run: run.id)
    return {"items": [shown(run) for run in rows], "next_cursor": following}
