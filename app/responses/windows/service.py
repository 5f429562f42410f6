"""What people can do with windows; inside the caller's transaction, never committing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.models import Window
from app.models.states import CloseReason
from app.responses.errors import WindowClosed
from app.responses.windows import queries, rules
from app.responses.windows.closing import close_now
from app.responses.windows.schemas import WindowKeyRead, WindowRead


async def flush(session: Session, account_id: UUID, window_id: UUID, *, by: str) -> Window:
    """Close a window now, held or not; what is in it is due at once.

    Raises:
        WindowNotFound: there is no such window in this account.
        WindowClosed: its responses are due or done.
    """
    window = await _open_window(session, account_id, window_id)
    await close_now(session, account_id, window_id, CloseReason.FLUSH, by)
    await session.refresh(window)
    return window


async def hold(
    session: Session, account_id: UUID, window_id: UUID, *, until: datetime, by: str, now: datetime
) -> Window:
    """Keep the window's responses from being scored until `until`.

    Holding a held window moves the moment; what already left it stays scored.

    Raises:
        WindowNotFound: there is no such window in this account.
        WindowClosed: its responses are due or done.
        HoldInThePast, HoldTooLong: `until` is not within the next 24 hours.
    """
    window = await _open_window(session, account_id, window_id)
    window.held_until, window.held_by = rules.hold_end(until, now=now), by
    await session.flush()
    return window


async def release(
    session: Session, account_id: UUID, window_id: UUID, *, by: str, now: datetime
) -> Window:
    """End a hold: the window closes when its own time comes, at once if it has passed.

    Releasing a window that is not held changes nothing.

    Raises:
        WindowNotFound: there is no such window in this account.
        WindowClosed: its responses are due or done.
    """
    window = await _open_window(session, account_id, window_id)
    if window.held_until is None:
        return window
    reason = rules.reason_on_release(window.closes_at, now=now)
    window.held_until, window.held_by = None, None
    await session.flush()
    if reason is not None:
        await close_now(session, account_id, window_id, reason, by)
        await session.refresh(window)
    return window


async def read(session: Session, account_id: UUID, windows: Sequence[Window]) -> list[WindowRead]:
    """These windows as callers see them."""
    is_open = [window.id for window in windows if window.closed_at is None]
    waiting = await queries.count_members(session, account_id, is_open)
    return [
        WindowRead.model_validate(
            {
                **window.model_dump(),
                "key": WindowKeyRead(user=window.user_name, campaign_id=window.campaign_id),
                "members": waiting.get(window.id, 0)
                if window.closed_at is None
                else window.closed_rows,
            }
        )
        for window in windows
    ]


async def _open_window(session: Session, account_id: UUID, window_id: UUID) -> Window:
    window = await queries.get_window(session, account_id, window_id, lock=True)
    if window.closed_at is not None:
        raise WindowClosed(closed_at=window.closed_at, reason=window.closed_by)
    return window
