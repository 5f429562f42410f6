"""Which local minutes a schedule wants, as though no clock were ever changed. Pure."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from app.schedules.cron import understood
from app.schedules.parts import Weekday
from app.schedules.rules.zones import DAY_SECONDS
from app.schedules.schemas import CronSchedule, Daily, Monthly, Weekly

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_WEEKDAYS = list(Weekday)


@dataclass(frozen=True, slots=True)
class Pattern:
    """These minutes of the days that `wants` says; local times are seconds since 1970, local."""

    minutes: tuple[int, ...]  # of the day, rising
    wants: Callable[[date], bool] | None = None  # None: every day
    months: frozenset[int] | None = None  # None: all; else a quick way over the others
    is_even: bool = False  # wants every hour: goes through changes of the clocks evenly

    def within(self, low: int, high: int) -> Iterator[int]:
        """The wanted local times from `low` up to, but not including, `high`; rising."""
        day = low // DAY_SECONDS
        last_day = (high - 1) // DAY_SECONDS
        # The first minute of the first day that does not begin before `low`.
        place = bisect_left(self.minutes, -(-(low % DAY_SECONDS) // 60))
        while day <= last_day:
            if self.wants is not None:
                found = date.fromordinal(_EPOCH_DAY + day)
                if self.months is not None and found.month not in self.months:
                    day += monthrange(found.year, found.month)[1] - found.day + 1
                    place = 0
                    continue
                if not self.wants(found):
                    day, place = day + 1, 0
                    continue
            start = day * DAY_SECONDS
            for position in range(place, len(self.minutes)):
                local = start + 60 * self.minutes[position]
                if local >= high:
                    return
                yield local
            day, place = day + 1, 0


def pattern_of(schedule: Daily | Weekly | Monthly | CronSchedule) -> Pattern:
    """What a settled schedule wants."""
    match schedule:
        case CronSchedule():
            cron = understood(schedule.cron)
            return Pattern(cron.minutes, cron.wants, cron.months, cron.wants_every_hour)
        case Daily():
            return Pattern(_minutes(schedule))
        case Weekly():
            weekdays = {_WEEKDAYS.index(word) for word in schedule.weekdays}
            return Pattern(_minutes(schedule), lambda day: day.weekday() in weekdays)
        case Monthly():
            return Pattern(_minutes(schedule), _days_of_months(schedule))


def minute_of_day(time: str) -> int:
    """`02:30` → 150."""
    return 60 * int(time[:2]) + int(time[3:])


def _minutes(schedule: Daily | Weekly | Monthly) -> tuple[int, ...]:
    if schedule.at is not None:
        return tuple(sorted(minute_of_day(time) for time in schedule.at))
    if schedule.hour is None or schedule.minute is None:
        raise ValueError("a slot's minute is drawn by settled()")
    return (60 * schedule.hour + schedule.minute,)


def _days_of_months(schedule: Monthly) -> Callable[[date], bool]:
    days = {31 if day == "last" else day for day in schedule.days}
    # What a shorter month has not got is its last day; `last` is the 31st so.
    beyond = max(days)

    def wants(day: date) -> bool:
        if day.day in days:
            return True
        return 28 <= day.day < beyond and monthrange(day.year, day.month)[1] == day.day

    return wants
