"""The fires that a schedule plans, those included that may not run. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from app.core.zones import zone_named
from app.schedules.rules.changes import Wanted, wanted
from app.schedules.rules.grids import from_midnight, steps
from app.schedules.rules.hours import is_allowed
from app.schedules.rules.patterns import pattern_of
from app.schedules.rules.zones import EPOCH, moment_of
from app.schedules.schemas import FireRead, Interval, Once, Schedule

_BRIEFEST = timedelta(microseconds=1)
# Expressions such as "each fifth Monday of February" fire every 28 years.
_FARTHEST = timedelta(days=50 * 366)
_LAST = datetime(9_990, 1, 1, tzinfo=EPOCH.tzinfo)


class Refusal(StrEnum):
    """Why a planned fire will not run; words of the reasons that fires give."""

    BLACKOUT = "blackout"
    DST = "dst"


class Planned(NamedTuple):
    """One planned fire; each leaves a row, be it that it ran or why it did not."""

    at: datetime
    refused: Refusal | None = None
    # The local time that does not exist that day, without an offset.
    instead_of: datetime | None = None


def planned(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[Planned]:
    """The fires of a settled schedule in (after, until], rising, no two at the same moment.

    Those that may not run are among them, with why: `dst` where the clocks have no such time,
    `blackout` in a blackout and outside the allowed hours, which goes first.
    """
    if schedule.starts_at is not None:
        after = max(after, schedule.starts_at - _BRIEFEST)
    if schedule.ends_at is not None:
        until = min(until, schedule.ends_at)
    if after >= until:
        return
    zone, hours, blackouts = zone_of(schedule), schedule.allowed_hours, schedule.blackouts
    is_limited = bool(hours or blackouts)
    for at, may_run, missing in _wanted(schedule, zone, after, until):
        if at <= after:
            continue
        if at > until:
            return
        refused = None if may_run else Refusal.DST
        if is_limited and not is_allowed(hours, blackouts, at, zone):
            refused = Refusal.BLACKOUT
        yield Planned(at, refused, None if missing is None else _bare(missing))


def next_planned(schedule: Schedule, *, after: datetime) -> Planned | None:
    """The first fire after a moment; None if there is none."""
    return next(planned(schedule, after=after, until=far_from(after)), None)


def preview(schedule: Schedule, *, after: datetime, count: int) -> list[FireRead]:
    """The next fires as people see them, with the offsets of their place."""
    zone = zone_named(zone_of(schedule))
    found = planned(schedule, after=after, until=far_from(after))
    return [
        FireRead(
            planned_at=fire.at,
            local_at=fire.at.astimezone(zone),
            reason=fire.refused,
            instead_of=fire.instead_of,
        )
        for fire in islice(found, count)
    ]


def zone_of(schedule: Schedule) -> str:
    """The zone of a settled schedule."""
    if schedule.timezone is None:
        raise ValueError("a schedule's zone is filled in by settled()")
    return schedule.timezone


def far_from(moment: datetime) -> datetime:
    """Beyond every next fire."""
    return min(max(moment, EPOCH), _LAST - _FARTHEST) + _FARTHEST


def _wanted(schedule: Schedule, zone: str, after: datetime, until: datetime) -> Iterator[Wanted]:
    match schedule:
        case Once():
            return iter([Wanted(schedule.starts_at)])
        case Interval(anchor="midnight"):
            return map(Wanted, from_midnight(zone, schedule.every, after=after, until=until))
        case Interval():
            if schedule.starts_at is None:
                raise ValueError("an interval's first fire is filled in by settled()")
            found = steps(schedule.starts_at, schedule.every, after=after, until=until)
            return map(Wanted, found)
        case _:
            return wanted(pattern_of(schedule), zone, schedule.dst, after=after, until=until)


def _bare(local: int) -> datetime:
    return moment_of(local).replace(tzinfo=None)
