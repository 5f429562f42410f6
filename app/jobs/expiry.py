"""The end of a job's definition: warned of twice, then gone. For whoever looks after due times.

Each step is taken under the job's lock and counted on its row, so it is told once, however many
look at the same time and however late.
"""

from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.fires.queries import Owner, put_expiry
from app.jobs import last_words, queries, timetable
from app.jobs.ending import next_look, warnings_due
from app.models import Job
from app.models.states import JobState, OwnerKind
from app.notifications.alerts.rules import News


async def tend(
    session: Session, account_id: UUID, job_id: UUID, *, secret_key: str, now: datetime
) -> datetime | None:
    """Warn of the job's expiry, or expire it, if its time has come; returns when to look again.

    None: never, unless somebody gives it another expiry. Warnings that are overdue together, as
    for a job that is given a day to live, go out as one.
    """
    following = await _tended(session, account_id, job_id, secret_key=secret_key, now=now)
    await put_expiry(session, Owner(account_id, OwnerKind.JOB, job_id), following)
    return following


async def _tended(
    session: Session, account_id: UUID, job_id: UUID, *, secret_key: str, now: datetime
) -> datetime | None:
    job = await queries.find_job(session, account_id, job_id, lock=True)
    if job is None or job.deleted_at is not None or job.expires_at is None:
        return None
    if job.expires_at <= now:
        await _expire(session, job, job.expires_at, secret_key=secret_key, now=now)
        return None
    due = warnings_due(job.expires_at, now=now)
    if due > job.expiry_warnings:
        job.expiry_warnings = due
        await session.flush()
        owner, end = timetable.owner_of(job), job.expires_at
        await last_words.tell(session, owner, News.EXPIRING, expires_at=end, at=now)
    return next_look(job)


async def expire(
    session: Session, account_id: UUID, job_id: UUID, *, secret_key: str, now: datetime
) -> bool:
    """Take away the definition of a job whose time is over; False if it is not, or was before."""
    job = await queries.find_job(session, account_id, job_id, lock=True)
    if job is None or job.deleted_at is not None:
        return False
    if job.expires_at is None or job.expires_at > now:
        return False
    return await _expire(session, job, job.expires_at, secret_key=secret_key, now=now)


async def expire_overdue(
    session: Session, account_id: UUID, *, secret_key: str, now: datetime
) -> None:
    """Expire what nobody has come round to, so that it counts and holds its name no longer."""
    for job_id in await queries.list_overdue(session, account_id, now=now):
        await expire(session, account_id, job_id, secret_key=secret_key, now=now)


async def forget_secrets(session: Session, job: Job) -> None:
    """Of what is gone, nothing that was sealed is kept."""
    job.source = None
    await queries.forget_variables(session, job.account_id, job.id)


async def _expire(
    session: Session, job: Job, end: datetime, *, secret_key: str, now: datetime
) -> bool:
    if not job.state.may_become(JobState.EXPIRED):
        return False
    await timetable.catch_up(session, job, secret_key=secret_key, now=now)
    job.state, job.published_at = JobState.EXPIRED, None
    job.version += 1
    job.updated_at = now
    await forget_secrets(session, job)
    await session.flush()
    await timetable.follow(session, job, now=now)
    owner = timetable.owner_of(job)
    await last_words.tell(session, owner, News.EXPIRED, expires_at=end, at=now)
    return True
