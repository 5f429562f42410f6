"""Fifty schedules of all types in several zones, and the moments that they plan, found day by day
with nothing but the zones' own data: nothing of the product is asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.calendar.installation import DAY, HOUR, MINUTE, Json

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# With these, a few fall into what the clocks leave out or show twice.
TIMES = ("00:30", "01:30", "02:00", "02:30", "13:00", "23:59")


@dataclass(frozen=True)
class Plan:
    """A schedule as it is sent, and the moments it must fire at."""

    schedule: Json
    moments: list[datetime]


def the_month_of_changes(now: datetime) -> tuple[datetime, datetime]:
    """The next 31 days in which New York, Berlin and Lord Howe change their clocks."""
    year = now.year if now < datetime(now.year, 3, 7, tzinfo=UTC) else now.year + 1
    first = datetime(year, 3, 7, tzinfo=UTC)
    return first, first + 31 * DAY


def fifty(first: datetime, last: datetime) -> Iterator[Plan]:
    """All that fires after `first`, up to `last`."""
    for number in range(50):
        zone, kind = ZONES[number % 5], number // 10
        at = [TIMES[number % 6]]
        told: Json = {"timezone": zone, "type": _KINDS[kind]}
        match told["type"]:
            case "interval":
                length = (20 + 7 * number) * HOUR
                told |= {"every": f"PT{20 + 7 * number}H", "starts_at": (first + HOUR).isoformat()}
                found = _each(first + HOUR, length, last)
            case "daily":
                told |= {"at": at}
                found = _at(zone, at, lambda _: True, first, last)
            case "weekly":
                days = [WEEKDAYS[number % 6], "sun"]
                told |= {"at": at, "weekdays": days}
                found = _at(zone, at, _on_weekdays(days), first, last)
            case "monthly":
                told |= {"at": at, "days": [1, 14, "last"]}
                found = _at(zone, at, _is_1_14_or_last, first, last)
            case _:
                hour, minute = at[0].split(":")
                told |= {"cron": f"{int(minute)} {int(hour)} * * SUN,TUE"}
                found = _at(zone, at, _on_weekdays(["sun", "tue"]), first, last)
        yield Plan(told, sorted(found))


_KINDS = ("interval", "daily", "weekly", "monthly", "cron")


def _each(first: datetime, length: timedelta, last: datetime) -> set[datetime]:
    return {first + n * length for n in range((last - first) // length + 1)}


def _on_weekdays(days: list[str]) -> Callable[[date], bool]:
    return lambda day: WEEKDAYS[day.weekday()] in days


def _is_1_14_or_last(day: date) -> bool:
    return day.day in (1, 14) or (day + DAY).day == 1


def _at(
    zone: str, times: list[str], wants: Callable[[date], bool], first: datetime, last: datetime
) -> set[datetime]:
    found, day = set(), (first - DAY).date()
    while day <= (last + DAY).date():
        if wants(day):
            local = [datetime.fromisoformat(f"{day}T{time}") for time in times]
            found |= {_moment(one, ZoneInfo(zone)) for one in local}
        day += DAY
    return {at for at in found if first < at <= last}


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks show this for the first time; if never, when they have jumped over it."""
    at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    offset: Any = at.astimezone(zone).utcoffset()
    while (at - MINUTE).astimezone(zone).utcoffset() == offset:
        at -= MINUTE
    return at
