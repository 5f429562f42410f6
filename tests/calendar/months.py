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
TIMES = ("01:30", "02:30", "13:00")


KINDS = (
    *("interval",) * 12,
    *("daily",) * 6,
    *("weekly",) * 12,
    *("monthly",) * 10,
    *("cron",) * 6,
    *("once",) * 4,
)


@dataclass(frozen=True)
class Plan:
    """A schedule as it is sent, and from it as it was saved the moments it must fire at."""

    schedule: Json
    moments: Callable[[Json], list[datetime]]


def the_month_of_changes(now: datetime) -> tuple[datetime, datetime]:
    """The next 31 days in which New York, Berlin and Lord Howe change their clocks."""
    is_ahead = now + MINUTE < datetime(now.year, 3, 7, tzinfo=UTC)
    year = now.year if is_ahead else now.year + 1
    first = datetime(year, 3, 7, tzinfo=UTC)
    return first, first + 31 * DAY


def fifty(first: datetime, last: datetime) -> Iterator[Plan]:
    """All that fires after `first`, up to `last`."""
    for number, kind in enumerate(KINDS):
        zone = ZONES[number % 5]
        told: Json = {"timezone": zone, "type": kind}
        at: list[str] = [TIMES[number % 3]]
        wants: Callable[[date], bool] = _every_day
        begins = first + (number + 1) * HOUR
        match kind:
            case "interval":
                told |= {"every": f"PT{30 + 9 * number}H", "starts_at": begins.isoformat()}
                yield _fixed(told, _each(begins, (30 + 9 * number) * HOUR, last))
                continue
            case "once":
                yield _fixed(told | {"starts_at": begins.isoformat()}, {begins})
                continue
            case "daily" if number % 5 == 0:
                yield _in_a_slot(told, zone, first, last)
                continue
            case "daily":
                told |= {"at": at}
            case "weekly":
                days = [WEEKDAYS[number % 6], "sun"]
                told, wants = told | {"at": at, "weekdays": days}, _on_weekdays(days)
            case "monthly":
                told, wants = told | {"at": at, "days": [1, 14, "last"]}, _is_1_14_or_last
            case _:
                hour, minute = at[0].split(":")
                told |= {"cron": f"{int(minute)} {int(hour)} * * SUN"}
                wants = _on_weekdays(["sun"])
        yield _fixed(told, _at(zone, at, wants, first, last))


def _fixed(told: Json, moments: set[datetime]) -> Plan:
    return Plan(told, lambda _: sorted(moments))


def _in_a_slot(told: Json, zone: str, first: datetime, last: datetime) -> Plan:
    """The minute is drawn as it is saved, and shown."""

    def moments(saved: Json) -> list[datetime]:
        assert 15 <= saved["minute"] <= 29
        return sorted(_at(zone, [f"05:{saved['minute']}"], _every_day, first, last))

    return Plan(told | {"hour": 5, "slot": "15-29"}, moments)


def _every_day(_: date) -> bool:
    return True


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
