"""Runs as they happen: server-sent events."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from app.accounts.caller import Held, Reader
from app.control.streams import EventStream, NoRoomForStreams, TooManyStreams
from app.control.watching import BadEventId, Place, follow
from app.core.problems import problems
from app.core.routes import Route
from app.runs.errors import RunNotFound
from app.runs.queries import get_run

router = APIRouter(tags=["runs"], route_class=Route)

_TEXT = {"type": "string"}
_EVENT = {
    "type": "object",
    "properties": {"id": _TEXT, "event": {**_TEXT, "enum": ["log", "run"]}, "data": _TEXT},
    "required": ["id", "event", "data"],
}
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=100,
        description="Where to go on: the id of the last event that came. Browsers send it.",
    ),
]


@router.get(
    "/runs/{run_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `log` (a line of the log) and `run` (the run, whenever it has"
            " changed), until the run has ended.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        **problems(RunNotFound, BadEventId, TooManyStreams, NoRoomForStreams),
    },
)
async def watch_run(
    run_id: UUID, caller: Reader, resources: Held, last_event_id: LastEventId = None
) -> EventStream:
    """Follow a run: its log, its progress, its changes of state, as server-sent events.

    The stream ends with the run. One that breaks off, or has lasted long, goes on where it was
    with `Last-Event-ID`; nothing is missed or repeated.
    """
    place = Place.of(last_event_id)
    async with resources.unit_of_work(caller.account_id) as session:
        await get_run(session, caller.account_id, run_id)
    return EventStream(
        follow(resources, caller.account_id, run_id, place),
        account_id=caller.account_id,
        limits=resources.settings.limits,
    )
