"""The timetable of a job follows its definition: there is one while a published job has a schedule.

See `fires.following` for what becomes of it as the definition changes.
"""

from datetime import datetime
from functools import partial

from app.core.db import Session
from app.fires import following
from app.fires.queries import Owner
from app.jobs.ending import next_look
from app.jobs.firing import fire_due
from app.models import Job
from app.models.states import JobState, OwnerKind


def owner_of(job: Job) -> Owner:
    """The job as the owner of a timetable."""
    return Owner(job.account_id, OwnerKind.JOB, job.id)


async def catch_up(session: Session, job: Job, *, secret_key: str, now: datetime) -> bool:
    """Record every moment that is due by the definition as it stands; the job is locked.

    Returns:
        Whether it could be. If not, nothing more is planned until `follow` is asked to.
    """
    if job.state is not JobState.PUBLISHED:
        return True
    place = [(job.account_id, job.id)]
    fire = partial(fire_due, session, place, secret_key=secret_key, now=now, waits=True)
    return await following.catch_up(session, owner_of(job), fire, now=now)


async def follow(session: Session, job: Job, *, now: datetime) -> None:
    """Plan as the job says now; its row has been flushed."""
    is_alive = job.deleted_at is None and job.state is not JobState.EXPIRED
    is_in_force = is_alive and job.state is JobState.PUBLISHED
    await following.follow(
        session,
        owner_of(job),
        job.schedule if is_in_force else None,
        expires_at=job.expires_at,
        look_at=next_look(job) if is_alive else None,
        now=now,
    )
