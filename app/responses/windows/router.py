"""Windows: what is held, until when, why it closed; and flush, hold, release."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Operator, Reader
from app.accounts.transaction import Now, Tx
from app.core.pages import BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.responses.errors import HoldInThePast, HoldTooLong, WindowClosed, WindowNotFound
from app.responses.windows import queries, service
from app.responses.windows.schemas import HoldOrder, WindowRead

router = APIRouter(tags=["scoring"], route_class=Route)


@router.get("/windows", response_model=Page[WindowRead], responses=problems(BadCursor))
async def list_windows(
    caller: Reader,
    tx: Tx,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only open, or closed.")
    ] = None,
    campaign: Annotated[UUID | None, Query(description="A campaign's id.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> dict[str, object]:
    """Windows in the order they opened."""
    at = position(caller.account_id, "windows", cursor, limit, is_open, campaign)
    found = await queries.list_windows(
        tx, caller.account_id, at, is_open=is_open, campaign_id=campaign
    )
    rows, following = at.page(found, lambda window: window.id)
    return {"items": await service.read(tx, caller.account_id, rows), "next_cursor": following}


@router.post(
    "/windows/{window_id}/flush",
    response_model=WindowRead,
    responses=problems(WindowNotFound, WindowClosed),
)
async def flush_window(window_id: UUID, caller: Operator, tx: Tx) -> WindowRead:
    """Close a window now; its responses are due at once."""
    window = await service.flush(tx, caller.account_id, window_id, by=caller.user)
    return (await service.read(tx, caller.account_id, [window]))[0]


@router.post(
    "/windows/{window_id}/hold",
    response_model=WindowRead,
    responses=problems(WindowNotFound, WindowClosed, HoldInThePast, HoldTooLong),
)
async def hold_window(
    window_id: UUID, order: HoldOrder, caller: Operator, tx: Tx, now: Now
) -> WindowRead:
    """Keep a window open until a given moment, at most 24 hours ahead. Safe to repeat."""
    window = await service.hold(
        tx, caller.account_id, window_id, until=order.until, by=caller.user, now=now
    )
    return (await service.read(tx, caller.account_id, [window]))[0]


@router.post(
    "/windows/{window_id}/release",
    response_model=WindowRead,
    responses=problems(WindowNotFound, WindowClosed),
)
async def release_window(window_id: UUID, caller: Operator, tx: Tx, now: Now) -> WindowRead:
    """End a hold; the window closes when its own time comes. Safe to repeat."""
    window = await service.release(tx, caller.account_id, window_id, by=caller.user, now=now)
    return (await service.read(tx, caller.account_id, [window]))[0]
