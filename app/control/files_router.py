"""The files that runs leave: which there are, and what is in them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.accounts.caller import Held, Reader
from app.accounts.transaction import Tx
from app.control import run_files
from app.control.run_files import RunFileNotFound
from app.core.files.errors import FileGone, FilesUnavailable
from app.core.pages import Page
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.runs.errors import RunNotFound
from app.runs.queries import get_run

router = APIRouter(tags=["runs"], route_class=Route)

_MEDIA_TYPES = (
    *("text/csv", "text/plain", "application/json", "application/x-ndjson", "application/gzip"),
    "application/octet-stream",
)

# Code may leave files in folders, eight deep.
FileName = Annotated[Plain, Path(min_length=1, max_length=2_100, description="As the list has it.")]


class RunFileRead(BaseModel):
    """A file of a run; `href` is where to get it."""

    name: str
    media_type: str
    size_bytes: int
    created_at: datetime
    href: str = Field(description="Its address, to be called with the same key.")


@router.get(
    "/runs/{run_id}/files", response_model=Page[RunFileRead], responses=problems(RunNotFound)
)
async def list_run_files(run_id: UUID, caller: Reader, tx: Tx) -> dict[str, object]:
    """The files that a run has left, by name; all on one page."""
    await get_run(tx, caller.account_id, run_id)
    found = await run_files.list_files(tx, caller.account_id, run_id)
    items = [
        RunFileRead(**file.model_dump(), href=f"/v1/runs/{run_id}/files/{quote(file.name)}")
        for file in found
    ]
    return {"items": items, "next_cursor": None}


@router.get(
    "/runs/{run_id}/files/{name:path}",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, whole.",
            "content": {kind: {"schema": {"type": "string"}} for kind in _MEDIA_TYPES},
        },
        **problems(RunNotFound, RunFileNotFound, FileGone, FilesUnavailable),
    },
)
async def read_run_file(
    run_id: UUID, name: FileName, caller: Reader, resources: Held
) -> StreamingResponse:
    """One file of a run, as it was written."""
    # A transaction of its own: the request's would stay open while the store is read.
    async with resources.unit_of_work(caller.account_id) as session:
        await get_run(session, caller.account_id, run_id)
        file = await run_files.get_file(session, caller.account_id, run_id, name)
    blocks = resources.files.read(file.stored_as)
    # The first block before the answer: that the file is gone can still be said then.
    first = await anext(blocks, b"")
    return StreamingResponse(
        _continued(first, blocks),
        media_type=file.media_type,
        headers={
            "Content-Length": str(file.size_bytes),
            "Content-Disposition": _attached(file.name),
            "X-Content-Type-Options": "nosniff",
        },
    )


def _attached(path: str) -> str:
    """To be saved under its own name; RFC 6266 has a form for names that are not plain."""
    name = path.rpartition("/")[2]
    if quote(name) == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


async def _continued(first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in blocks:
        yield block
