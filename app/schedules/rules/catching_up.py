"""How late a missed fire may still run, and which of many does. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from app.schedules.parts import Overlap
from app.schedules.rules.planning import Planned, Refusal, far_from, planned
from app.schedules.schemas import Interval, Once, Schedule

SHORTEST_CATCH_UP, LONGEST_CATCH_UP = timedelta(minutes=10), timedelta(hours=12)


class CatchUp(NamedTuple):
    """What becomes of the fires missed during an outage; both in the order of time."""

    runs: list[Planned]
    missed_window: list[Planned]


def period_at(schedule: Schedule, at: datetime) -> timedelta | None:
    """From a planned fire to the next one, as though the schedule did not end; None for `once`."""
    match schedule:
        case Once():
            return None
        case Interval():
            return schedule.every
        case _:
            endless = schedule.model_copy(update={"ends_at": None})
            fires = planned(endless, after=at, until=far_from(at))
            # Times that do not exist stand seconds behind others and say nothing of the rhythm.
            later = next((fire.at for fire in fires if fire.refused is not Refusal.DST), None)
            return None if later is None else later - at


def catch_up_of(schedule: Schedule, at: datetime) -> timedelta:
    """How late the fire planned at this moment may still run.

    What the schedule says; else half the period, at least 10 minutes, at most 12 hours. A single
    fire has the longest: no later one will do its work.
    """
    if schedule.catch_up is not None:
        return schedule.catch_up
    period = period_at(schedule, at)
    if period is None:
        return LONGEST_CATCH_UP
    return min(max(period / 2, SHORTEST_CATCH_UP), LONGEST_CATCH_UP)


def which_to_catch_up(
    planned: Iterable[Planned], *, now: datetime, catch_up: timedelta, overlap: Overlap
) -> CatchUp:
    """Of fires that are all due: which run now, and which were missed for good.

    Only the newest that is at most `catch_up` late runs; with `buffer_all` every one that is.
    Fires that were refused are in neither list: they have their reason.
    """
    due = sorted((fire for fire in planned if fire.refused is None), key=lambda fire: fire.at)
    runs = [fire for fire in due if now - fire.at <= catch_up]
    if overlap is not Overlap.BUFFER_ALL:
        runs = runs[-1:]
    return CatchUp(runs, due[: len(due) - len(runs)])
