"""The three files over HTTP, streamed in the order of the upload."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from app.accounts.caller import Caller, Held, requires
from app.core.auth import Scope
from app.core.errors import Conflict
from app.core.problems import problems
from app.core.resources import Resources
from app.core.routes import Route
from app.imports.errors import RowsForgotten
from app.imports.packing import unpack_results, unpack_rows
from app.imports.results import queries
from app.imports.results.lines import ResultFile, header, lines_of, shown
from app.imports.results.queries import Kept
from app.imports.uploads.errors import UploadNotFound

router = APIRouter(tags=["uploads"], route_class=Route)

ResultReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.INGEST, Scope.MANAGE))]
Raw = Annotated[
    bool,
    Query(description="As it came, for machines; else no cell can be a spreadsheet's formula."),
]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "CSV, with a header.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


class UploadNotStarted(Conflict):
    """The upload is not complete, so none of its rows has been looked at."""


def _file(wanted: ResultFile, summary: str) -> None:
    @router.get(
        f"/uploads/{{upload_id}}/{wanted.value}",
        response_class=StreamingResponse,
        responses=_CSV | problems(UploadNotFound, RowsForgotten, UploadNotStarted),
        summary=summary,
        name=f"read_{wanted.value}_rows",
    )
    async def read(
        upload_id: UUID, caller: ResultReader, resources: Held, raw: Raw = False
    ) -> StreamingResponse:
        """The rows as they came, each with what became of it; while it runs, those so far."""
        # A transaction of its own: the request's would stay open while the file is sent.
        async with resources.unit_of_work(caller.account_id) as session:
            kept = await queries.find_kept(session, caller.account_id, upload_id)
        if kept is None:
            raise UploadNotFound
        if kept.run_id is None:
            raise UploadNotStarted
        if kept.is_forgotten:
            raise RowsForgotten
        return StreamingResponse(
            _stream(resources, caller.account_id, kept, wanted, is_raw=raw),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{wanted.value}.csv"',
                "X-Content-Type-Options": "nosniff",
            },
        )


_file(ResultFile.SUCCESSFUL, "The rows that were taken in, repeated or skipped")
_file(ResultFile.FAILED, "The rows that failed, and why")
_file(ResultFile.UNPROCESSED, "The rows that were never attempted")


async def _stream(
    resources: Resources, account_id: UUID, kept: Kept, wanted: ResultFile, *, is_raw: bool
) -> AsyncIterator[str]:
    repeated = shown(kept.columns, kept.mapping, wanted)
    yield header(kept.columns, repeated, wanted, is_raw=is_raw)
    assert kept.run_id is not None  # noqa: S101  (looked at before the answer began)
    for segment in range(kept.last_segment + 1):
        async with resources.unit_of_work(account_id) as session:
            chunks = await queries.list_chunks(session, account_id, kept.run_id, segment)
        numbered: list[tuple[int, str]] = []
        for payload, results in chunks:
            numbered += lines_of(
                unpack_rows(payload),
                unpack_results(results),
                kept.columns,
                repeated,
                kept.file_type,
                wanted,
                is_raw=is_raw,
            )
            # Others are answered meanwhile.
            await asyncio.sleep(0)
        yield "".join(line for _, line in sorted(numbered))
