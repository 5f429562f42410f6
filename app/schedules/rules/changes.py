"""Local times become moments, also where a change of the clocks leaves them out or repeats them.

    gap       local ──── 01:59 ┊ 03:00 ────      02:30 exists nowhere: it runs at 03:00, once, or
                               G                 not at all (`missing`)
    doubled   local ──── 02:59 ┊ 02:00 ────      02:30 exists twice: it runs at the first, or at
                                                 both (`doubled`)

Each local time that a gap swallows leaves a moment of its own, so that none vanishes silently and
no two have the same. The first stands at G, the end of the gap, and runs there; if G is a wanted
time itself, that one has G. All others stand right behind, one second apart, and do not run. What
wants every hour takes local times as they come: none is missing there, and none is doubled.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from app.schedules.parts import Dst
from app.schedules.rules.patterns import Pattern
from app.schedules.rules.zones import LONGEST_CHANGE, moment_of, seconds_of, spans

_MINUTE = timedelta(minutes=1)


class Wanted(NamedTuple):
    """A moment that a schedule wants."""

    at: datetime
    may_run: bool = True
    missing: int | None = None  # the local time, where it does not exist


def wanted(
    pattern: Pattern, zone: str, dst: Dst, *, after: datetime, until: datetime
) -> Iterator[Wanted]:
    """The moments of a pattern, rising; a few outside (after, until] may be among them."""
    low, high = seconds_of(after), seconds_of(until) + 1
    reached: int | None = None  # local time that the clocks have come to
    for start, end, offset in spans(zone, after - LONGEST_CHANGE):
        if start >= high:
            return
        first = start + offset
        if reached is not None and reached < first and not pattern.is_even:
            yield from _at_gap(pattern, dst, reached, first, ends=start)
            first += 1
        elif reached is not None and reached > first and not _repeats(pattern, dst):
            first = reached
        for local in pattern.within(max(first, low + offset), min(end, high) + offset):
            yield Wanted(moment_of(local - offset))
        reached = end + offset if reached is None else max(reached, end + offset)


def _repeats(pattern: Pattern, dst: Dst) -> bool:
    return pattern.is_even or dst.doubled == "both"


def _at_gap(pattern: Pattern, dst: Dst, low: int, high: int, *, ends: int) -> Iterator[Wanted]:
    """What stands at the end of a gap for local times from `low` to `high`, both included."""
    missing = list(pattern.within(low, high))
    end = moment_of(ends)
    is_taken = next(pattern.within(high, high + 1), None) is not None
    if is_taken:
        yield Wanted(end)
    # One second apart, or less where so many would reach the next minute.
    step = _MINUTE / max(60, len(missing) + 1)
    for position, local in enumerate(missing, start=1 if is_taken else 0):
        may_run = position == 0 and dst.missing == "after"
        yield Wanted(end + position * step, may_run, local)
