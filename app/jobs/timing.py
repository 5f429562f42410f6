"""When a job, or a group of them, is due: a schedule is settled as it is saved, and held against
the plan's gap.
"""

import random
from datetime import datetime
from typing import Any, Protocol

from app.accounts.plans import plan_of
from app.core.errors import Fault
from app.models import Account, Job
from app.schedules.rules import next_planned, refuse_small_gaps, settled
from app.schedules.schemas import Schedule, stored

_PLACE = "/schedule"
# Minutes are drawn so that not everybody comes at the full hour; nobody should know them before.
_CHANCE = random.SystemRandom()


class Scheduled(Protocol):
    """A definition that may have a schedule."""

    schedule: dict[str, Any] | None


def schedule_of(one: Scheduled) -> Schedule | None:
    """The settled schedule of a job or a group, or None if it has none."""
    return None if one.schedule is None else stored(one.schedule)


def set_schedule(
    one: Scheduled, wanted: Schedule | None, account: Account, *, now: datetime
) -> None:
    """Put another schedule in place of its own; a minute once drawn stays while its slot does.

    Raises:
        InvalidSchedule, SlotOver: see `schedules.rules.settled`.
        GapTooSmall: two of its fires are nearer to each other than the plan allows.
    """
    if wanted is None:
        one.schedule = None
        return
    before = schedule_of(one)
    kept = settled(
        wanted, now=now, timezone=account.timezone, chance=_CHANCE, before=before, pointer=_PLACE
    )
    one.schedule = kept.model_dump(mode="json")
    check_gap(one, account, now=now)


def check_gap(one: Scheduled, account: Account, *, now: datetime) -> None:
    """Raise GapTooSmall unless the plan, as it stands now, allows its schedule."""
    schedule, minimum = schedule_of(one), plan_of(account.plan).minimum_gap
    if schedule is not None and minimum:
        refuse_small_gaps(schedule, minimum=minimum, now=now, pointer=_PLACE)


def faults_now(job: Job, *, now: datetime) -> list[Fault]:
    """A schedule that has nothing to come, of a job that runs by nothing else."""
    schedule = schedule_of(job)
    if schedule is None or job.ad_hoc or next_planned(schedule, after=now) is not None:
        return []
    return [Fault(_PLACE, "over", "has no fire to come")]
