"""Reading windows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import PendingScoring, Window
from app.responses.errors import WindowNotFound


async def get_window(
    session: Session, account_id: UUID, window_id: UUID, *, lock: bool = False
) -> Window:
    """The window with this id; raises WindowNotFound."""
    statement = select(Window).where(
        col(Window.account_id) == account_id, col(Window.id) == window_id
    )
    if lock:
        statement = statement.with_for_update()
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise WindowNotFound(window_id=window_id)
    return found


async def list_windows(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    is_open: bool | None,
    campaign_id: UUID | None,
) -> Sequence[Window]:
    """Windows in the order they opened, behind the position."""
    statement = select(Window).where(col(Window.account_id) == account_id)
    if is_open is not None:
        closed_at = col(Window.closed_at)
        statement = statement.where(closed_at.is_(None) if is_open else closed_at.is_not(None))
    if campaign_id is not None:
        statement = statement.where(col(Window.campaign_id) == campaign_id)
    if at.after is not None:
        statement = statement.where(col(Window.id) > at.after)
    found = await session.exec(statement.order_by(col(Window.id)).limit(at.fetch_rows))
    return found.all()


async def count_members(
    session: Session, account_id: UUID, windows: Sequence[UUID]
) -> dict[UUID, int]:
    """How many responses wait in each of these windows."""
    if not windows:
        return {}
    window_id = col(PendingScoring.window_id)
    found = await session.exec(
        select(window_id, func.count())
        .where(col(PendingScoring.account_id) == account_id, window_id.in_(windows))
        .group_by(window_id)
    )
    return {window: n for window, n in found if window is not None}
