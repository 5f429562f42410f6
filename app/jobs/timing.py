"""When a job is due: a schedule is settled as it is saved, and held against the plan's gap."""

import random
from datetime import datetime

from app.accounts.plans import plan_of
from app.models import Account, Job
from app.schedules.rules import refuse_small_gaps, settled
from app.schedules.schemas import Schedule, stored

_PLACE = "/schedule"
# Minutes are drawn so that not everybody comes at the full hour; nobody should know them before.
_CHANCE = random.SystemRandom()


def schedule_of(job: Job) -> Schedule | None:
    """The settled schedule of a job, or None if it has none."""
    return None if job.schedule is None else stored(job.schedule)


def set_schedule(job: Job, wanted: Schedule | None, account: Account, *, now: datetime) -> None:
    """Put another schedule in place of the job's; a minute once drawn stays while its slot does.

    Raises:
        InvalidSchedule, SlotOver: see `schedules.rules.settled`.
        GapTooSmall: two of its fires are nearer to each other than the plan allows.
    """
    if wanted is None:
        job.schedule = None
        return
    before = schedule_of(job)
    kept = settled(
        wanted, now=now, timezone=account.timezone, chance=_CHANCE, before=before, pointer=_PLACE
    )
    check_gap(kept, account, now=now)
    job.schedule = kept.model_dump(mode="json")


def check_gap(schedule: Schedule, account: Account, *, now: datetime) -> None:
    """Raise GapTooSmall unless the plan, as it stands now, allows the schedule."""
    minimum = plan_of(account.plan).minimum_gap
    refuse_small_gaps(schedule, minimum=minimum, now=now, pointer=_PLACE)
