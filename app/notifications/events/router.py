"""The feed of events, for whoever would rather ask than be called."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.accounts.caller import Reader
from app.accounts.transaction import Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, commit_position
from app.core.problems import problems
from app.core.routes import Route
from app.models import Event
from app.notifications.events import queries
from app.notifications.events.schemas import EventPage, EventRead
from app.notifications.outbox import EventType

router = APIRouter(tags=["events"], route_class=Route)

Types = Annotated[
    list[EventType], Query(alias="type", max_length=100, description="Only these types; repeat it.")
]


@router.get("/events", response_model=EventPage, responses=problems(BadCursor))
async def list_events(
    caller: Reader,
    tx: Tx,
    types: Types = [],  # noqa: B006  (never changed)
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> EventPage:
    """What happened in the last 30 days, oldest first, in an order in which nothing comes late."""
    wanted = sorted(set(types))
    at = commit_position(caller.account_id, "events", cursor, limit, *wanted)
    found = await queries.list_events(tx, caller.account_id, at, types=wanted)
    shown = found[:limit]
    behind = at.cursor_behind(shown[-1].xid, shown[-1].id) if shown else cursor
    return EventPage(
        items=[_read(event) for event in shown],
        next_cursor=behind if len(found) > limit else None,
        latest_cursor=behind,
    )


def _read(event: Event) -> EventRead:
    return EventRead(
        id=event.id, type=EventType(event.type), timestamp=event.occurred_at, data=event.data
    )
