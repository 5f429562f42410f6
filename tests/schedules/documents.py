"""Schedules at random, with a liking for the hours in which clocks are changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.schedules.oracle import PLACES, WEEKDAYS, Document, wanted_by

Wants = Callable[[datetime], bool]
CRON_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
places = st.sampled_from(PLACES)
_minutes = st.sampled_from([0, 0, 1, 10, 15, 29, 30, 40, 59])
_hours = st.sampled_from([0, 0, 1, 1, 2, 2, 3, 12, 23, 23])
_times = st.builds("{:02}:{:02}".format, _hours, _minutes)
_weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=5, unique=True)
_days = st.one_of(st.integers(1, 31), st.just("last"), st.sampled_from([1, 8, 29, 30, 31]))
_dst = st.fixed_dictionaries(
    {}, optional={"missing": st.sampled_from(["after", "skip"]), "doubled": st.just("both")}
)
_open = st.builds(
    lambda starts, ends, days: {"starts": starts, "ends": ends} | days,
    _times,
    st.one_of(_times, st.just("24:00")),
    st.one_of(st.just({}), st.builds(lambda days: {"weekdays": days}, _weekdays)),
).filter(lambda hours: hours["starts"] != hours["ends"])


@st.composite
def _blackouts(draw: st.DrawFn, day: str) -> list[Document]:
    whole = {"starts_on": day}
    part = {"starts_at": f"{day}T00:30:00Z", "ends_at": f"{day}T{draw(_hours):02}:40:00Z"}
    return draw(st.sampled_from([[], [whole], [part]]))


@st.composite
def _cron(draw: st.DrawFn) -> tuple[str, Wants]:
    """An expression of simple fields, and what cron's manual says it wants."""
    minutes = draw(st.one_of(st.none(), st.lists(_minutes, min_size=1, max_size=3, unique=True)))
    hours = draw(st.one_of(st.none(), st.lists(_hours, min_size=1, max_size=4, unique=True)))
    days = draw(st.one_of(st.none(), st.lists(st.integers(1, 31), min_size=1, max_size=9)))
    weekdays = draw(st.one_of(st.none(), st.lists(st.sampled_from(CRON_DAYS), min_size=1)))
    names = [minutes, hours, days, None, weekdays]
    text = " ".join("*" if field is None else ",".join(map(str, field)) for field in names)

    def wants(local: datetime) -> bool:
        if minutes is not None and local.minute not in minutes:
            return False
        if hours is not None and local.hour not in hours:
            return False
        by_day = days is None or local.day in days
        by_weekday = weekdays is None or CRON_DAYS[local.isoweekday() % 7] in weekdays
        if days is not None and weekdays is not None:
            return by_day or by_weekday
        return by_day and by_weekday

    return text, wants


@st.composite
def documents(draw: st.DrawFn, zone: str, day: str) -> tuple[Document, Wants]:
    """A schedule of local times in this zone, and whether it wants what a clock shows."""
    document: dict[str, Any] = {"timezone": zone, "dst": draw(_dst)}
    if draw(st.booleans()):
        document["allowed_hours"] = draw(st.lists(_open, max_size=2))
        document["blackouts"] = draw(_blackouts(day))
    kind = draw(st.sampled_from(["daily", "weekly", "monthly", "cron"]))
    document["type"] = kind
    if kind == "cron":
        document["cron"], wants = draw(_cron())
        return document, wants
    document["at"] = draw(st.lists(_times, min_size=1, max_size=5, unique=True))
    if kind == "weekly":
        document["weekdays"] = draw(_weekdays)
    if kind == "monthly":
        document["days"] = draw(st.lists(_days, min_size=1, max_size=9, unique=True))
    return document, wanted_by(document)
