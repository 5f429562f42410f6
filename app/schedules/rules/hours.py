"""Whether a moment is one of those in which fires may run: allowed hours, blackouts. Pure."""

from collections.abc import Sequence
from datetime import datetime

from app.core.zones import zone_named
from app.schedules.parts import Blackout, Hours, Weekday
from app.schedules.rules.patterns import minute_of_day

_WEEKDAYS = list(Weekday)


def is_allowed(
    hours: Sequence[Hours], blackouts: Sequence[Blackout], at: datetime, zone: str
) -> bool:
    """Whether a fire at this moment may run."""
    if not hours and not blackouts:
        return True
    local = at.astimezone(zone_named(zone))
    return not any(_covers(blackout, at, local) for blackout in blackouts) and (
        not hours or any(_contains(span, local) for span in hours)
    )


def _covers(blackout: Blackout, at: datetime, local: datetime) -> bool:
    if blackout.starts_on is not None:
        return blackout.starts_on <= local.date() <= (blackout.ends_on or blackout.starts_on)
    if blackout.starts_at is None or blackout.ends_at is None:
        return False
    return blackout.starts_at <= at < blackout.ends_at


def _contains(hours: Hours, local: datetime) -> bool:
    minute, weekday = 60 * local.hour + local.minute, local.weekday()
    starts, ends = minute_of_day(hours.starts), minute_of_day(hours.ends)
    if starts < ends:
        return starts <= minute < ends and _begins_on(hours, weekday)
    if minute >= starts:
        return _begins_on(hours, weekday)
    return minute < ends and _begins_on(hours, (weekday - 1) % 7)


def _begins_on(hours: Hours, weekday: int) -> bool:
    return hours.weekdays is None or _WEEKDAYS[weekday] in hours.weekdays
