"""What can be asked of a run: to stop, to try again what failed, to go on where it failed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.accounts.caller import Caller, Held, admit, requires
from app.accounts.transaction import Now, Tx
from app.control.showing import begun, read, shown
from app.core.auth import Scope
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Text, Wire
from app.groups.running.advancing import stop
from app.imports import retry
from app.imports import runs as imports
from app.imports.errors import (
    AlreadyRetried,
    ImportOver,
    NotAnImport,
    NothingToRetry,
    RowsForgotten,
)
from app.imports.uploads import service as uploads
from app.imports.uploads.errors import TooManyImports
from app.jobs.attempts import service as attempts
from app.models.states import RunKind, RunState, UploadObject
from app.runs import cancelling, queries, queue
from app.runs.errors import RunNotCancellable, RunNotFound
from app.runs.schemas import RunRead

router = APIRouter(tags=["runs"], route_class=Route)

_CANCELLABLE = (RunKind.IMPORT, RunKind.EXPORT, RunKind.CODE, RunKind.BATCH, RunKind.GROUP)
# A loader may stop and retry imports, and nothing else.
RunActor = Annotated[Caller, Depends(requires(Scope.OPERATE, Scope.INGEST))]


class CancelOrder(Wire):
    """Why a run is cancelled."""

    reason: Text | None = None


@router.post(
    "/runs/{run_id}/cancel",
    response_model=RunRead,
    responses=problems(RunNotFound, RunNotCancellable, ImportOver),
)
async def cancel_run(
    run_id: UUID,
    caller: RunActor,
    tx: Tx,
    now: Now,
    resources: Held,
    order: CancelOrder | None = None,
) -> RunRead:
    """Stop a run; what it has done stays done, and rows it has not come to are unprocessed.

    Code that is running is told within a second or two, and killed a little later; the run is
    `cancelled` then. Of a group the job at hand is stopped, and the rest is not run. What a batch
    has not come to is left to its next run. Whatever is no import asks for `operate`. Safe to
    repeat.
    """
    run = await queries.get_run(tx, caller.account_id, run_id)
    if run.kind is not RunKind.IMPORT:
        admit(caller, (Scope.OPERATE,))
    if run.kind not in _CANCELLABLE:
        raise RunNotCancellable
    place = (tx, caller.account_id, run_id)
    reason = order.reason if order else None
    if run.kind is RunKind.GROUP:
        secret = resources.settings.secret_key.get_secret_value()
        if not await stop(*place, by=caller.user, reason=reason, secret_key=secret, now=now):
            raise RunNotCancellable
        return await read(*place)
    is_open = await cancelling.ask_to_stop(*place, by=caller.user, reason=reason)
    if run.kind is RunKind.IMPORT:
        await imports.abort(*place, by=caller.user)
    elif not is_open:
        raise RunNotCancellable
    elif run.kind is RunKind.CODE:
        await attempts.cancel(*place, now=now)
    else:
        await queue.end_run(*place, RunState.CANCELLED)
    await tx.refresh(run)
    return shown(run)


@router.post(
    "/runs/{run_id}/retry-failed",
    status_code=202,
    response_model=RunRead,
    responses=problems(
        RunNotFound, RowsForgotten, NotAnImport, NothingToRetry, AlreadyRetried, TooManyImports
    ),
)
async def retry_failed_rows(
    run_id: UUID, caller: RunActor, tx: Tx, now: Now, resources: Held, response: Response
) -> RunRead:
    """Run an import's failed and unprocessed rows again, and no others, as a run of its own.

    Rows of participants ask for `operate`, as their file did.
    """
    run = await queries.get_run(tx, caller.account_id, run_id)
    await queue.take_turn(tx, caller.account_id)
    await uploads.check_room(tx, caller.account_id, most=resources.settings.imports.waiting)
    child, child_id = await retry.retry_failed(
        tx, run, by=caller.user, user_id=caller.user_id, now=now
    )
    if child.object is UploadObject.PARTICIPANTS:
        admit(caller, (Scope.OPERATE,))
    begun(response, child_id)
    return shown(await queries.get_run(tx, caller.account_id, child_id))
