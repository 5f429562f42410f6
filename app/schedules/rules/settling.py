"""What is filled in when a schedule is saved: its zone, an interval's start, a slot's minute. Pure.

The minute is drawn among those of the slot that are still to come on the wanted day: the local
day of `starts_at`, or today for a schedule that starts now. If the schedule wants nothing on that
day (another weekday), the whole slot is still to come.
"""

import random
from datetime import datetime, timedelta
from itertools import islice
from typing import assert_never

from app.core.errors import Fault
from app.core.zones import zone_named
from app.schedules.errors import InvalidSchedule, SlotOver
from app.schedules.parts import Slot
from app.schedules.rules.hours import is_allowed
from app.schedules.rules.planning import planned, zone_of
from app.schedules.schemas import (
    CronSchedule,
    Daily,
    Interval,
    Monthly,
    Once,
    Schedule,
    Weekly,
)

_BRIEFEST = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_LONGEST_DAY = timedelta(hours=26)
# Allowed hours repeat after a week; this many fires are a fortnight of minutes.
_ENOUGH_FIRES, _ENOUGH_TIME = 20_000, timedelta(days=400)


def settled(
    schedule: Schedule,
    *,
    now: datetime,
    timezone: str,
    chance: random.Random,
    before: Schedule | None = None,
    pointer: str = "",
) -> Schedule:
    """A schedule as it is kept: everything that was left open is filled in.

    Settling what is settled already, with itself as `before`, changes nothing.

    Args:
        schedule: as it was given.
        now: the moment of saving.
        timezone: the account's, for a schedule that names none.
        chance: what the minute is drawn from.
        before: the settled schedule that this one replaces; a minute that was drawn for the same
            hour and slot stays.
        pointer: where the schedule stands in the document, e.g. `/schedule`.

    Raises:
        InvalidSchedule: it is over before it begins, no fire is ever allowed, or it brings a
            minute that was not drawn.
        SlotOver: no minute of its slot is left on the wanted day.
    """
    schedule = schedule.model_copy(update={"timezone": schedule.timezone or timezone})
    _refuse_what_is_over(schedule, before, now, pointer)
    match schedule:
        case Daily() | Weekly() | Monthly() if schedule.slot is not None:
            schedule = _with_minute(schedule, before, now, chance, pointer)
        case Daily() | Weekly() | Monthly() | CronSchedule() | Once():
            pass
        case Interval():
            if schedule.anchor == "start" and schedule.starts_at is None:
                first = now.replace(microsecond=0) + schedule.every
                schedule = schedule.model_copy(update={"starts_at": first})
        case _:
            assert_never(schedule)
    _refuse_what_never_runs(schedule, now, pointer)
    return schedule


def _refuse_what_is_over(
    schedule: Schedule, before: Schedule | None, now: datetime, pointer: str
) -> None:
    # A single fire that took place may be sent back with the rest of its job.
    took_place = isinstance(before, Once) and before.starts_at == schedule.starts_at
    ends = {"ends_at": schedule.ends_at}
    if isinstance(schedule, Once) and not took_place:
        ends["starts_at"] = schedule.starts_at
    faults = [
        Fault(f"{pointer}/{name}", "in_the_past", "has passed")
        for name, moment in ends.items()
        if moment is not None and moment <= now
    ]
    if faults:
        raise InvalidSchedule(faults=faults)


def _with_minute(
    schedule: Daily | Weekly | Monthly,
    before: Schedule | None,
    now: datetime,
    chance: random.Random,
    pointer: str,
) -> Daily | Weekly | Monthly:
    drawn = _drawn_before(schedule, before)
    if schedule.minute is not None and schedule.minute != drawn:
        fault = Fault(f"{pointer}/minute", "not_yours", "is drawn when the schedule is saved")
        raise InvalidSchedule(faults=[fault])
    if drawn is None:
        drawn = chance.choice(_minutes_left(schedule, now, pointer))
    return schedule.model_copy(update={"minute": drawn})


def _drawn_before(schedule: Daily | Weekly | Monthly, before: Schedule | None) -> int | None:
    if not isinstance(before, Daily | Weekly | Monthly):
        return None
    is_same = (before.hour, before.slot) == (schedule.hour, schedule.slot)
    return before.minute if is_same else None


def _minutes_left(schedule: Daily | Weekly | Monthly, now: datetime, pointer: str) -> list[int]:
    """The minutes that may be drawn; at least one."""
    slot, starts_at = schedule.slot, schedule.starts_at
    if slot is None:
        raise ValueError("only a slot has minutes to draw from")
    start = now if starts_at is None or starts_at <= now else starts_at - _BRIEFEST
    zone = zone_named(zone_of(schedule))
    day = (start + _BRIEFEST).astimezone(zone)
    # Neither past fires nor the end of the schedule say whether the day is wanted.
    bounds = {"starts_at": None, "ends_at": None}
    left, is_wanted = [], False
    for minute in slot.minutes:
        trial = schedule.model_copy(update={"minute": minute, **bounds})
        fires = [
            fire.at
            for fire in planned(trial, after=start - _LONGEST_DAY, until=start + _LONGEST_DAY)
            if (fire.instead_of or fire.at.astimezone(zone)).date() == day.date()
        ]
        is_wanted = is_wanted or bool(fires)
        if any(at > start for at in fires):
            left.append(minute)
    if left:
        return left
    if not is_wanted:
        return list(slot.minutes)
    following = (start + _MINUTE).astimezone(zone)
    raise SlotOver(
        day=day,
        next_on=following,
        next_hour=following.hour,
        next_slot=Slot.of(following.minute),
        faults=[Fault(f"{pointer}/slot", "slot_over", "no minute of it is left on that day")],
    )


def _refuse_what_never_runs(schedule: Schedule, now: datetime, pointer: str) -> None:
    hours, zone = schedule.allowed_hours, zone_of(schedule)
    if not hours:
        return
    start = now if schedule.starts_at is None else max(now, schedule.starts_at - _BRIEFEST)
    fires = islice(planned(schedule, after=start, until=start + _ENOUGH_TIME), _ENOUGH_FIRES)
    outside = [not is_allowed(hours, [], fire.at, zone) for fire in fires]
    if outside and all(outside):
        fault = Fault(f"{pointer}/allowed_hours", "never", "contains none of the fires")
        raise InvalidSchedule(faults=[fault])
