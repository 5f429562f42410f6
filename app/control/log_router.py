"""The logs of runs: page by page, or whole as plain text."""

import json
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.caller import Held, Reader
from app.core.pages import BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.resources import Resources
from app.core.routes import Route
from app.runs.errors import RunNotFound
from app.runs.logs.packing import Level
from app.runs.logs.queries import Numbered, read_lines
from app.runs.logs.schemas import LogLineRead
from app.runs.queries import get_run

router = APIRouter(tags=["runs"], route_class=Route)

_TEXT = "text/plain"
_AT_ONCE = 2_000
_HIGHEST = 2**62
LeastLevel = Annotated[Level, Query(description="Lines of this level and of graver ones.")]


@router.get(
    "/runs/{run_id}/log",
    response_model=Page[LogLineRead],
    responses={
        200: {"content": {_TEXT: {"schema": {"type": "string"}}}, "description": "The log."},
        **problems(RunNotFound, BadCursor),
    },
)
async def read_log(
    run_id: UUID,
    request: Request,
    caller: Reader,
    resources: Held,
    level: LeastLevel = Level.DEBUG,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """The log of a run, oldest line first; with `Accept: text/plain` whole, as text.

    Lines of a run that goes on are there within a second; lines are kept for 30 days.
    """
    at = position(caller.account_id, "log", cursor, limit, run_id, level)
    after = min(at.after.int, _HIGHEST) if at.after else 0
    async with resources.unit_of_work(caller.account_id) as session:
        await get_run(session, caller.account_id, run_id)
        found = await read_lines(
            session, caller.account_id, run_id, after=after, most=at.fetch_rows, level=level
        )
    if _wants_text(request):
        text = _whole(resources, caller.account_id, run_id, level)
        return StreamingResponse(text, media_type=f"{_TEXT}; charset=utf-8")
    rows, following = at.page(found, lambda line: UUID(int=line.number))
    page = Page[LogLineRead](items=[LogLineRead.of(row) for row in rows], next_cursor=following)
    return Response(page.model_dump_json(), media_type="application/json")


def _wants_text(request: Request) -> bool:
    accepted = [
        one.partition(";")[0].strip() for one in request.headers.get("accept", "").split(",")
    ]
    return _TEXT in accepted and "application/json" not in accepted


async def _whole(
    resources: Resources, account_id: UUID, run_id: UUID, level: Level
) -> AsyncIterator[str]:
    """Line by line; no transaction is open while the reader takes its time."""
    after = 0
    while True:
        async with resources.unit_of_work(account_id) as session:
            lines = await read_lines(
                session, account_id, run_id, after=after, most=_AT_ONCE, level=level
            )
        if lines:
            yield "".join(map(_written, lines))
            after = lines[-1].number
        if len(lines) < _AT_ONCE:
            return


def _written(numbered: Numbered) -> str:
    line = numbered.line
    fields = "" if line.fields is None else f" {json.dumps(line.fields, ensure_ascii=False)}"
    at = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{at} {line.level.upper():5} {line.text}{fields}\n"
