"""Moments equally far apart in elapsed time. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.schedules.parts import Dst
from app.schedules.rules.changes import wanted
from app.schedules.rules.patterns import Pattern
from app.schedules.rules.zones import LONGEST_CHANGE

_DAY = timedelta(hours=24)
_MIDNIGHT = Pattern(minutes=(0,))


def steps(
    start: datetime, every: timedelta, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    """`start` + n × `every` within (after, until], n from 0."""
    at = start + max(0, (after - start) // every + 1) * every
    while at <= until:
        yield at
        at += every


def from_midnight(
    zone: str, every: timedelta, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Local midnight + n × `every` within (after, until], afresh each day.

    Midnight is the first moment of a local day, whatever the clocks show then. In the hour that a
    day of 25 has too much, the grid goes on as far as whole intervals fit, so that half-hours stay
    half-hours and a daily fire stays one a day.
    """
    midnights = _midnights(zone, after=after - LONGEST_CHANGE, until=until + LONGEST_CHANGE)
    midnight = next(midnights)
    for next_midnight in midnights:
        # A microsecond is the smallest difference of two moments.
        last = min(until, next_midnight - timedelta(microseconds=1))
        for at in steps(midnight, every, after=after, until=last):
            if at - midnight < _DAY or at + every <= next_midnight:
                yield at
        midnight = next_midnight
        if midnight > until:
            return


def _midnights(zone: str, *, after: datetime, until: datetime) -> Iterator[datetime]:
    found = wanted(_MIDNIGHT, zone, Dst(), after=after, until=until)
    return (moment.at for moment in found if moment.may_run)
