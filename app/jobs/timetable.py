"""The timetable of a job follows its definition, in the transaction that changes it.

    published, with a schedule ──▶ a timetable         anything else ──▶ none
    an end, not expired        ──▶ a moment to look    anything else ──▶ none

Before a change, what is due by the old definition is recorded by it; if it cannot be fired, the
moment that it is at has been missed, and the change goes on.
"""

from datetime import datetime

from app.core import log
from app.core.db import Session
from app.core.problems import as_app_error
from app.fires import news, queries, watches
from app.fires.queries import Move, Owner, Record
from app.fires.rules import next_moment
from app.jobs import rules
from app.jobs.firing import fire_due
from app.jobs.timing import schedule_of
from app.models import Fire, Job
from app.models.states import FireReason, JobState, OwnerKind

_log = log.get(__name__)

_NOT_FIRED = "It could not be fired, by a fault of ours, before the job was changed."


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
    try:
        async with session.begin_nested():
            # Of a long outage a portion at a time.
            while await fire_due(session, place, secret_key=secret_key, now=now, waits=True):
                pass
    except Exception as error:
        if as_app_error(error) is not None:
            raise
        # Nobody could change the job any more, nor delete it.
        _log.error("timetable_not_fired", owner_id=str(job.id), exc_info=True)
        await _pass_over(session, owner_of(job), now=now)
        return False
    return True


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


async def _pass_over(session: Session, owner: Owner, *, now: datetime) -> None:
    """Record the one due moment that is known of a timetable that cannot be fired."""
    found = await queries.find_timetable(session, *owner, lock=True)
    if found is None or found.next_at is None or found.next_at > now:
        return
    account_id, kind, owner_id = owner
    if await session.get(Fire, (account_id, kind, owner_id, found.next_at)) is None:
        details = {"reason": _NOT_FIRED}
        reason = FireReason.MISSED_WINDOW
        missed = Record(account_id, owner_id, found.next_at, reason, details=details)
        await queries.record(session, kind, [missed], now=now)
        await news.tell_of_fires(session, kind, [missed], at=now)
    await queries.move(session, kind, [Move(account_id, owner_id, now, None, found.skips_left)])
