"""Whether a success that should have come did not. Pure.

up ── expected at late_at ──▶ late ── grace ──▶ down          a success: up again
"""

from collections.abc import Container
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.schedules.rules.planning import far_from, planned
from app.schedules.schemas import Interval, Schedule

_BRIEFEST = timedelta(microseconds=1)


class Standing(StrEnum):
    """How a schedule stands towards its last success."""

    UP = "up"
    LATE = "late"
    DOWN = "down"


class Outlook(NamedTuple):
    """How it stands, and the moments when `late` and `down` begin unless a success comes first.

    Both are None where no success is expected any more.
    """

    standing: Standing
    late_at: datetime | None
    down_at: datetime | None


def standing(
    schedule: Schedule,
    *,
    last_success: datetime | None,
    now: datetime,
    since: datetime | None = None,
    excused: Container[datetime] = frozenset(),
) -> Outlook:
    """How a settled schedule stands.

    Late at the first fire after the last success that may run; an interval from `starts_at` one
    interval after the success. Down when the grace is over too.

    Args:
        schedule: a settled one.
        last_success: when the last run succeeded; None if none did.
        now: the moment asked about.
        since: from when on it is watched (published, resumed); counts where it is later.
        excused: planned moments at which nothing is to run, for reasons of their own: paused,
            skipped.
    """
    late_at = _expected(schedule, last_success, since, excused)
    if late_at is None:
        return Outlook(Standing.UP, None, None)
    down_at = late_at + schedule.grace
    if now < late_at:
        return Outlook(Standing.UP, late_at, down_at)
    return Outlook(Standing.LATE if now < down_at else Standing.DOWN, late_at, down_at)


def _expected(
    schedule: Schedule,
    success: datetime | None,
    since: datetime | None,
    excused: Container[datetime],
) -> datetime | None:
    known = [moment for moment in (success, since) if moment is not None]
    watched = max(known, default=None)
    starts_at = schedule.starts_at
    if starts_at is not None and (watched is None or watched < starts_at):
        watched = starts_at - _BRIEFEST  # its own fire is the first that counts
    elif watched is None:
        return None
    elif watched == success and isinstance(schedule, Interval) and schedule.anchor == "start":
        due = watched + schedule.every
        passed = planned(schedule, after=watched, until=due)
        if not any(fire.at in excused for fire in passed):
            if not schedule.allowed_hours and not schedule.blackouts:
                return due if schedule.ends_at is None or due <= schedule.ends_at else None
            watched = due - _BRIEFEST
    fires = planned(schedule, after=watched, until=far_from(watched))
    return next(
        (fire.at for fire in fires if fire.refused is None and fire.at not in excused), None
    )
