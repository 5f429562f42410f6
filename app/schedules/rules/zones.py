"""Time zones as spans of one offset each. Pure, apart from the zone's own file.

`zoneinfo` answers what the offset is at a moment, not when it changes. Found once for each zone
and year, the changes turn planning into additions of whole seconds: local = UTC + offset.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.core.zones import zone_named

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_SECONDS = 24 * 60 * 60
# No clock was ever set back or forth by more than a day.
LONGEST_CHANGE = timedelta(days=2)
_SECOND = timedelta(seconds=1)
_LAST_YEAR = 9_998


class Span(NamedTuple):
    """From `start` up to `end` the offset stays as it is; all in seconds, since 1970 in UTC."""

    start: int
    end: int
    offset: int


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - EPOCH) // _SECOND


def moment_of(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def spans(zone: str, since: datetime) -> Iterator[Span]:
    """From the span that `since` lies in, for as long as there are years.

    A span ends with its year even where the offset stays the same.
    """
    first = seconds_of(since)
    for year in range(since.astimezone(UTC).year, _LAST_YEAR):
        for span in _spans_of(zone, year):
            if span.end > first:
                yield span


@lru_cache(maxsize=8_192)
def _spans_of(name: str, year: int) -> tuple[Span, ...]:
    zone = zone_named(name)
    first = seconds_of(datetime(year, 1, 1, tzinfo=UTC))
    end = seconds_of(datetime(year + 1, 1, 1, tzinfo=UTC))
    starts = [(first, _offset(zone, first))]
    for day in range(first, end, DAY_SECONDS):
        before, after = starts[-1][1], _offset(zone, day + DAY_SECONDS)
        if before != after:
            change = _change(zone, day, day + DAY_SECONDS)
            if change < end:
                starts.append((change, after))
    bounds = [*starts, (end, 0)]
    return tuple(Span(start, stop, offset) for (start, offset), (stop, _) in pairwise(bounds))


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second of the offset that holds at `high` and not at `low`."""
    old = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == old:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
