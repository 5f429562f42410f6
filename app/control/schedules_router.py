"""What is planned of jobs: skipped, looked ahead at."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Caller, Held, Operator, Reader
from app.accounts.transaction import Now, Tx
from app.core.db import Session
from app.core.pages import Page
from app.core.problems import problems
from app.core.routes import Route
from app.fires import queries as timetables
from app.fires import service
from app.fires.errors import NotScheduled
from app.fires.schemas import SkipOrder, SkipsRead
from app.jobs import queries, timetable
from app.jobs.errors import JobExpired, JobNotFound
from app.jobs.timing import schedule_of
from app.models import Job
from app.schedules.schemas import FireRead

router = APIRouter(tags=["jobs"], route_class=Route)

_GONE = (JobNotFound, JobExpired)


@router.post(
    "/jobs/{job_id}/skip",
    response_model=SkipsRead,
    responses=problems(*_GONE, NotScheduled),
)
async def skip_fires(
    job_id: UUID, order: SkipOrder, caller: Operator, tx: Tx, now: Now, resources: Held
) -> SkipsRead:
    """Let the next planned moments of a job pass without a run; then all is as before."""
    job = await _caught_up(tx, caller, job_id, resources, now)
    owner = timetable.owner_of(job)
    return await service.skip(tx, owner, order, by=caller.user, until=job.expires_at, now=now)


@router.delete("/jobs/{job_id}/skip", status_code=204, responses=problems(*_GONE))
async def skip_no_more(job_id: UUID, caller: Operator, tx: Tx, now: Now, resources: Held) -> None:
    """Undo what is left to be skipped of a job. Safe to repeat."""
    job = await _caught_up(tx, caller, job_id, resources, now)
    await service.skip_no_more(tx, timetable.owner_of(job), now=now)


@router.get(
    "/jobs/{job_id}/schedule/preview",
    response_model=Page[FireRead],
    responses=problems(*_GONE, NotScheduled),
)
async def preview_schedule(
    job_id: UUID,
    caller: Reader,
    tx: Tx,
    now: Now,
    count: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 10,
) -> dict[str, object]:
    """The next planned moments of a job, and which of them will not run, as far as is known."""
    job = await queries.get_job(tx, caller.account_id, job_id, now=now)
    schedule = schedule_of(job)
    if schedule is None:
        raise NotScheduled
    found = await timetables.find_timetable(tx, *timetable.owner_of(job))
    items = service.preview(schedule, found, after=now, count=count, until=job.expires_at)
    return {"items": items, "next_cursor": None}


async def _caught_up(
    session: Session, caller: Caller, job_id: UUID, resources: Held, now: datetime
) -> Job:
    """The job, locked, with what was due until now recorded."""
    job = await queries.get_job(session, caller.account_id, job_id, now=now, lock=True)
    secret = resources.settings.secret_key.get_secret_value()
    if not await timetable.catch_up(session, job, secret_key=secret, now=now):
        await timetable.follow(session, job, now=now)
    return job
