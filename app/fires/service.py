"""What can be done with a timetable: pause, resume, skip. Inside the caller's transaction.

The caller has locked the owner, and recorded what was due until now.
"""

from datetime import datetime
from itertools import islice

from app.accounts.changes import queries as changes
from app.core.db import Session
from app.fires import queries, watches
from app.fires.errors import NotScheduled
from app.fires.queries import Owner
from app.fires.schemas import SkipOrder, SkipsRead
from app.models import Timetable
from app.models.states import FireReason
from app.schedules.rules import planned
from app.schedules.rules import preview as coming
from app.schedules.rules.planning import far_from
from app.schedules.schemas import FireRead, Schedule, stored


async def pause(session: Session, owner: Owner, *, is_paused: bool, by: str, now: datetime) -> None:
    """Pause it, or let it go on; planned moments of a pause pass as `paused`. Safe to repeat.

    Raises:
        NotScheduled: it plans no fires.
    """
    timetable = await _timetable(session, owner)
    if timetable.is_paused == is_paused:
        return
    timetable.is_paused = is_paused
    timetable.paused_by, timetable.paused_at = (by, now) if is_paused else (None, None)
    timetable.pause_reason = None
    if not is_paused:
        timetable.since = now
    await session.flush()
    await watches.follow(session, owner, afresh=not is_paused, now=now)


async def skip(
    session: Session,
    owner: Owner,
    order: SkipOrder,
    *,
    by: str,
    until: datetime | None,
    now: datetime,
) -> SkipsRead:
    """Let the next planned moments pass, as many as ordered, in place of an earlier order.

    Args:
        until: when the definition ends; moments from then on are not planned.

    Raises:
        NotScheduled: it plans no fires.
    """
    timetable = await _timetable(session, owner)
    timetable.skips_left, timetable.is_maintenance = order.count, order.maintenance
    timetable.skip_by, timetable.skip_reason = by, order.reason
    await session.flush()
    await watches.follow(session, owner, afresh=False, now=now)
    await changes.note(session, owner, "skip_ordered", by=by, now=now)
    after = timetable.planned_until
    found = planned(stored(timetable.schedule), after=after, until=far_from(after))
    fires = [fire.at for fire in islice(found, order.count)]
    if until is not None:
        fires = [at for at in fires if at < until]
    return SkipsRead(skips_left=order.count, fires=fires)


async def skip_no_more(session: Session, owner: Owner, *, by: str, now: datetime) -> None:
    """Undo what is left to be skipped. Safe to repeat."""
    timetable = await queries.find_timetable(session, *owner, lock=True)
    if timetable is not None:
        if timetable.skips_left:
            await changes.note(session, owner, "skip_undone", by=by, now=now)
        timetable.skips_left, timetable.is_maintenance = 0, False
        timetable.skip_by = timetable.skip_reason = None
        await session.flush()
        await watches.follow(session, owner, afresh=False, now=now)


async def _timetable(session: Session, owner: Owner) -> Timetable:
    timetable = await queries.find_timetable(session, *owner, lock=True)
    if timetable is None:
        raise NotScheduled
    return timetable


def preview(
    schedule: Schedule,
    timetable: Timetable | None,
    *,
    after: datetime,
    count: int,
    until: datetime | None,
) -> list[FireRead]:
    """The next planned moments before the definition's end, with what is known of them already."""
    fires = coming(schedule, after=after, count=count)
    if until is not None:
        fires = [fire for fire in fires if fire.planned_at < until]
    if timetable is None:
        return fires
    if timetable.is_paused:
        return [_refused(fire, FireReason.PAUSED) for fire in fires]
    skipped = FireReason.MAINTENANCE if timetable.is_maintenance else FireReason.SKIP_REQUESTED
    left = timetable.skips_left
    return [_refused(fire, skipped) for fire in fires[:left]] + fires[left:]


def _refused(fire: FireRead, reason: FireReason) -> FireRead:
    return fire.model_copy(update={"reason": reason})
