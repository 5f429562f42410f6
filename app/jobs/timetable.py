"""The timetable of a job follows its definition, in the transaction that changes it.

    published, with a schedule ──▶ a timetable         anything else ──▶ none
    an end, not expired        ──▶ a moment to look    anything else ──▶ none

Before a change, what is due by the old definition is recorded by it.
"""

from datetime import datetime

from app.core.db import Session
from app.fires import queries, watches
from app.fires.queries import Owner
from app.fires.rules import next_moment
from app.jobs import rules
from app.jobs.firing import fire_due
from app.jobs.timing import schedule_of
from app.models import Job
from app.models.states import JobState, OwnerKind


def owner_of(job: Job) -> Owner:
    """The job as the owner of a timetable."""
    return Owner(job.account_id, OwnerKind.JOB, job.id)


async def catch_up(session: Session, job: Job, *, secret_key: str, now: datetime) -> None:
    """Record every moment that is due by the definition as it stands; the job is locked."""
    if job.state is JobState.PUBLISHED:
        place = [(job.account_id, job.id)]
        # Of a long outage a portion at a time.
        while await fire_due(session, place, secret_key=secret_key, now=now, waits=True):
            pass


async def follow(session: Session, job: Job, *, now: datetime) -> None:
    """Plan as the job says now; its row has been flushed."""
    owner, schedule = owner_of(job), schedule_of(job)
    is_alive = job.deleted_at is None and job.state is not JobState.EXPIRED
    if is_alive and job.state is JobState.PUBLISHED and schedule is not None:
        next_at = next_moment(schedule, after=now, expires_at=job.expires_at)
        before, document = await queries.find_timetable(session, *owner), job.schedule or {}
        await queries.put_timetable(session, owner, document, next_at=next_at, now=now)
        is_other = before is not None and before.schedule != document
        await watches.follow(session, owner, afresh=is_other, now=now)
    else:
        await queries.drop_timetable(session, owner)
        await watches.leave(session, owner)
    await queries.put_expiry(session, owner, rules.next_look(job) if is_alive else None)
