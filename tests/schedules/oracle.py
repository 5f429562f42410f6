"""What should be planned, found by asking each minute of some days whether it is wanted."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from app.schedules.parts import Weekday
from app.schedules.rules import Planned, Refusal

Document: TypeAlias = dict[str, Any]
MINUTE = timedelta(minutes=1)
WEEKDAYS = [str(word) for word in Weekday]


@dataclass(frozen=True)
class Place:
    """Some days somewhere; most have a change of the clocks in the middle."""

    zone: str
    day: str
    length: timedelta = timedelta(days=3)

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.day).replace(tzinfo=UTC) - timedelta(days=1, hours=12)

    @property
    def end(self) -> datetime:
        return self.start + self.length


PLACES = [
    *(Place("Europe/Berlin", day) for day in ("2026-03-29", "2026-10-25")),
    *(Place("America/New_York", day) for day in ("2026-03-08", "2026-11-01")),
    *(Place("Australia/Lord_Howe", day) for day in ("2026-04-05", "2026-10-04")),  # half an hour
    *(Place("America/Havana", day) for day in ("2026-03-08", "2026-11-01")),  # at midnight
    *(Place("Asia/Pyongyang", day) for day in ("2015-08-15", "2018-05-05")),  # another zone
    *(Place("Africa/Casablanca", day) for day in ("2026-02-15", "2026-03-22")),  # Ramadan
    Place("Europe/Dublin", "2026-10-25"),  # winter is the exception there
    Place("Pacific/Apia", "2011-12-30"),  # a day that was left out
    Place("Asia/Kathmandu", "2027-01-01"),
    Place("Europe/Berlin", "2028-02-29"),
]


@dataclass(frozen=True)
class Step:
    """A minute: what the clocks show, whether again, and what they left out just before."""

    at: datetime
    local: datetime
    again: bool
    left_out: tuple[datetime, ...]


@cache
def walk(place: Place) -> list[Step]:
    zone, steps = ZoneInfo(place.zone), []
    before = (place.start - MINUTE).astimezone(zone).replace(tzinfo=None)
    at = place.start
    while at <= place.end:
        there = at.astimezone(zone)
        local = there.replace(tzinfo=None)
        left_out = tuple(before + n * MINUTE for n in range(1, (local - before) // MINUTE))
        steps.append(Step(at, local, there.fold == 1, left_out))
        before, at = local, at + MINUTE
    return steps


def expected(document: Document, wants: Callable[[datetime], bool], place: Place) -> list[Planned]:
    """All fires from the place's start to its end, both included."""
    dst = {"missing": "after", "doubled": "first", **document.get("dst", {})}
    is_even = document["type"] == "cron" and document["cron"].split()[1] == "*"
    found = []
    for step in walk(place):
        is_wanted = wants(step.local) and (not step.again or is_even or dst["doubled"] == "both")
        missing = [] if is_even else [local for local in step.left_out if wants(local)]
        apart = MINUTE / max(60, len(missing) + 1)
        fires = [Planned(step.at)] if is_wanted else []
        for local in missing:
            may_run = not fires and dst["missing"] == "after"
            at = step.at + len(fires) * apart
            fires.append(Planned(at, None if may_run else Refusal.DST, local))
        if not _is_open(document, step):
            fires = [fire._replace(refused=Refusal.BLACKOUT) for fire in fires]
        found += fires
    return found


def wanted_by(document: Document) -> Callable[[datetime], bool]:
    """Whether a daily, weekly or monthly schedule wants what a clock shows."""

    def wants(local: datetime) -> bool:
        if f"{local:%H:%M}" not in document["at"]:
            return False
        if document["type"] == "weekly":
            return WEEKDAYS[local.weekday()] in document["weekdays"]
        if document["type"] == "monthly":
            last = monthrange(local.year, local.month)[1]
            days = [last if day == "last" else min(day, last) for day in document["days"]]
            return local.day in days
        return True

    return wants


def _is_open(document: Document, step: Step) -> bool:
    for blackout in document.get("blackouts", []):
        if "starts_on" in blackout:
            first, last = blackout["starts_on"], blackout.get("ends_on", blackout["starts_on"])
            if first <= f"{step.local:%Y-%m-%d}" <= last:
                return False
        elif blackout["starts_at"] <= f"{step.at:%Y-%m-%dT%H:%M:%SZ}" < blackout["ends_at"]:
            return False
    return not document.get("allowed_hours") or any(
        _is_within(hours, step.local) for hours in document["allowed_hours"]
    )


def _is_within(hours: Document, local: datetime) -> bool:
    # Laid out from its own day: each day before or today may have begun it.
    for begun in (local.date() - timedelta(days=1), local.date()):
        if WEEKDAYS[begun.weekday()] not in hours.get("weekdays", WEEKDAYS):
            continue
        starts = datetime.fromisoformat(f"{begun}T{hours['starts']}")
        midnight = datetime.fromisoformat(f"{begun}T00:00")
        hour, minute = map(int, hours["ends"].split(":"))
        ends = midnight + timedelta(hours=hour, minutes=minute)
        ends += timedelta(days=1) if ends <= starts else timedelta()
        if starts <= local < ends:
            return True
    return False
