"""A timetable follows the definition of its owner, in the transaction that changes it.

    in force, with a schedule ──▶ a timetable         anything else ──▶ none
    alive, with an end        ──▶ a moment to look    anything else ──▶ none

Before a change, what is due by the old definition is recorded by it; if it cannot be fired, the
moment that it is at has been missed, and the change goes on.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from app.core import log
from app.core.db import Session
from app.core.problems import as_app_error
from app.fires import news, queries, watches
from app.fires.queries import Move, Owner, Record
from app.fires.rules import next_moment
from app.models import Fire
from app.models.states import FireReason
from app.schedules.schemas import stored

_log = log.get(__name__)

_NOT_FIRED = "It could not be fired, by a fault of ours, before the definition was changed."


async def catch_up(
    session: Session, owner: Owner, fire: Callable[[], Awaitable[int]], *, now: datetime
) -> bool:
    """Record every moment that is due by the definition as it stands; the owner is locked.

    Args:
        fire: records what is due, or a portion of it; 0 once there is nothing.

    Returns:
        Whether it could be. If not, nothing more is planned until `follow` is asked to.
    """
    try:
        async with session.begin_nested():
            # Of a long outage a portion at a time.
            while await fire():
                pass
    except Exception as error:
        if as_app_error(error) is not None:
            raise
        # Nobody could change the definition any more, nor delete it.
        _log.error("timetable_not_fired", owner_id=str(owner.owner_id), exc_info=True)
        await _pass_over(session, owner, now=now)
        return False
    return True


async def follow(
    session: Session,
    owner: Owner,
    schedule: dict[str, Any] | None,
    *,
    expires_at: datetime | None,
    look_at: datetime | None,
    now: datetime,
) -> None:
    """Plan as the definition says now; its row has been flushed.

    Args:
        schedule: as it is stored; None where nothing is to be planned.
        expires_at: when the definition ends; moments from then on are not planned.
        look_at: when there is something to say of that end.
    """
    if schedule is None:
        await queries.drop_timetable(session, owner)
        await watches.leave(session, owner)
    else:
        next_at = next_moment(stored(schedule), after=now, expires_at=expires_at)
        before = await queries.find_timetable(session, *owner)
        await queries.put_timetable(session, owner, schedule, next_at=next_at, now=now)
        is_other = before is not None and before.schedule != schedule
        await watches.follow(session, owner, afresh=is_other, now=now)
    await queries.put_expiry(session, owner, look_at)


async def _pass_over(session: Session, owner: Owner, *, now: datetime) -> None:
    """Record the one due moment that is known of a timetable that cannot be fired."""
    found = await queries.find_timetable(session, *owner, lock=True)
    if found is None or found.next_at is None or found.next_at > now:
        return
    account_id, kind, owner_id = owner
    if await session.get(Fire, (account_id, kind, owner_id, found.next_at)) is None:
        details = {"reason": _NOT_FIRED}
        reason = FireReason.MISSED_WINDOW
        missed = Record(account_id, owner_id, found.next_at, reason, details=details)
        await queries.record(session, kind, [missed], now=now)
        await news.tell_of_fires(session, kind, [missed], at=now)
    await queries.move(session, kind, [Move(account_id, owner_id, now, None, found.skips_left)])
