"""Uploads: opened, listed, read, completed, aborted."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Response

from app.accounts.caller import Caller, Held, Writer, requires
from app.accounts.transaction import Now, Tx
from app.core.auth import Scope
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.imports.columns.errors import UnknownColumn
from app.imports.errors import ImportOver
from app.imports.uploads import forgetting, queries, service
from app.imports.uploads.errors import (
    InvalidUpload,
    RunNotEnded,
    TooManyImports,
    UploadNotFound,
    WrongUploadState,
)
from app.imports.uploads.schemas import UploadCreate, UploadPatch, UploadRead
from app.models.states import UploadState

router = APIRouter(tags=["uploads"], route_class=Route)

UploadReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.INGEST, Scope.MANAGE))]


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadRead,
    responses=problems(InvalidUpload, UnknownColumn, RunNotEnded),
)
async def create_upload(
    order: UploadCreate, caller: Writer, tx: Tx, now: Now, resources: Held, response: Response
) -> UploadRead:
    """Open an upload; send its content next, then complete it. Nothing starts before that."""
    upload = await service.create(tx, caller, order, resources.settings, now=now)
    response.headers["Location"] = f"/v1/uploads/{upload.id}"
    return (await service.read(tx, caller.account_id, [upload]))[0]


@router.get("/uploads", response_model=Page[UploadRead], responses=problems(BadCursor))
async def list_uploads(
    caller: UploadReader,
    tx: Tx,
    state: Annotated[UploadState | None, Query(description="Where it stands.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Uploads, newest first."""
    at = position(caller.account_id, "uploads", cursor, limit, state)
    found = await queries.list_uploads(tx, caller.account_id, at, state=state)
    rows, following = at.page(found, lambda upload: upload.id)
    return {"items": await service.read(tx, caller.account_id, rows), "next_cursor": following}


@router.get("/uploads/{upload_id}", response_model=UploadRead, responses=problems(UploadNotFound))
async def read_upload(upload_id: UUID, caller: UploadReader, tx: Tx) -> UploadRead:
    """One upload, with the counts of its run as they stand now."""
    upload = await queries.get_upload(tx, caller.account_id, upload_id)
    return (await service.read(tx, caller.account_id, [upload]))[0]


@router.patch(
    "/uploads/{upload_id}",
    response_model=UploadRead,
    responses=problems(UploadNotFound, WrongUploadState, ImportOver, TooManyImports)
    | {202: {"model": UploadRead, "description": "Complete; its run waits for a worker."}},
)
async def change_upload(
    upload_id: UUID,
    wanted: UploadPatch,
    caller: Writer,
    tx: Tx,
    now: Now,
    resources: Held,
    response: Response,
    background: BackgroundTasks,
) -> UploadRead:
    """Complete an upload, which starts its run, or abort it, which stops it."""
    if wanted.state == UploadState.ABORTED.value:
        upload = await service.abort(tx, caller.account_id, upload_id)
        if upload.run_id is None:
            # After the commit, and again by the workers if this process dies before it.
            background.add_task(forgetting.drop_files, resources, caller.account_id, upload_id)
    else:
        most = resources.settings.imports.waiting
        upload = await service.complete(
            tx, caller.account_id, upload_id, by=caller.user, most=most, now=now
        )
        response.status_code = 202
        response.headers["Location"] = f"/v1/runs/{upload.run_id}"
        response.headers["Retry-After"] = "1"
    return (await service.read(tx, caller.account_id, [upload]))[0]
