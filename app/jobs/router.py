"""The definitions of jobs: made, changed, published, given variables, rolled back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.accounts.caller import Admin, Caller, Held, Manager, Reader
from app.accounts.changes import queries as changes
from app.accounts.changes.queries import Deed
from app.accounts.transaction import Now, Tx
from app.core import etags
from app.core.db import Session
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.fires.errors import NotScheduled
from app.jobs import queries, reading, service
from app.jobs.errors import (
    InvalidJob,
    JobExpired,
    JobHasNoCode,
    JobInGroup,
    JobNameTaken,
    JobNotFound,
    JobNotPublishable,
    JobVersionNotFound,
    TooManyJobs,
    WrongJobState,
)
from app.jobs.schemas import JobCreate, JobPatch, JobRead, VersionRead
from app.jobs.variables import VariablesPut, VariablesRead
from app.models import Job
from app.models.states import JobKind, JobState, OwnerKind
from app.schedules.errors import GapTooSmall, InvalidSchedule, SlotOver

router = APIRouter(tags=["jobs"], route_class=Route)

NameFilter = Annotated[
    Plain | None, Query(max_length=100, description="Only the job with this name.")
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Of a version, from 1.")]
_GONE = (JobNotFound, JobExpired)
_OF_SCHEDULES = (InvalidSchedule, SlotOver, GapTooSmall)
_CHANGES = (*_GONE, ChangedMeanwhile)


@router.post(
    "/jobs",
    status_code=201,
    response_model=JobRead,
    responses=problems(InvalidJob, *_OF_SCHEDULES, JobNameTaken, TooManyJobs),
)
async def create_job(
    wanted: JobCreate, caller: Manager, tx: Tx, now: Now, resources: Held, response: Response
) -> JobRead:
    """Make a job. It is a draft, and runs only once it is published."""
    secret = resources.settings.secret_key.get_secret_value()
    job = await service.create(tx, caller.account_id, wanted, secret_key=secret, now=now)
    await _noted(tx, caller, job, "created", now)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return await _shown(tx, job, response)


@router.get("/jobs", response_model=Page[JobRead], responses=problems(BadCursor))
async def list_jobs(
    caller: Reader,
    tx: Tx,
    now: Now,
    name: NameFilter = None,
    kind: Annotated[JobKind | None, Query(description="What it does.")] = None,
    state: Annotated[JobState | None, Query(description="Where it stands.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The jobs of the account, oldest first; deleted and expired ones are not among them."""
    at = position(caller.account_id, "jobs", cursor, limit, name, kind, state)
    found = await queries.list_jobs(
        tx, caller.account_id, at, now=now, name=name, kind=kind, state=state
    )
    rows, following = at.page(found, lambda job: job.id)
    return {"items": await reading.read(tx, caller.account_id, rows), "next_cursor": following}


@router.get("/jobs/{job_id}", response_model=JobRead, responses=problems(*_GONE))
async def read_job(job_id: UUID, caller: Reader, tx: Tx, now: Now, response: Response) -> JobRead:
    """One job. Once it has expired it is gone (410), and its runs stay readable."""
    job = await queries.get_job(tx, caller.account_id, job_id, now=now)
    return await _shown(tx, job, response)


@router.patch(
    "/jobs/{job_id}",
    response_model=JobRead,
    responses=problems(
        *(*_CHANGES, InvalidJob, *_OF_SCHEDULES, JobNotPublishable, JobNameTaken, NotScheduled),
        JobInGroup,
    ),
)
async def change_job(
    job_id: UUID,
    patch: JobPatch,
    caller: Manager,
    tx: Tx,
    now: Now,
    resources: Held,
    response: Response,
    if_match: IfMatch = None,
) -> JobRead:
    """Change the given fields, for runs that have not begun. Safe to repeat."""
    secret = resources.settings.secret_key.get_secret_value()
    job = await service.change(
        tx,
        caller.account_id,
        job_id,
        patch,
        if_match=if_match,
        by=caller.user,
        secret_key=secret,
        now=now,
    )
    await _noted(tx, caller, job, "changed", now, fields=patch.model_fields_set)
    return await _shown(tx, job, response)


@router.delete("/jobs/{job_id}", status_code=204, responses=problems(*_CHANGES, JobInGroup))
async def delete_job(
    job_id: UUID, caller: Manager, tx: Tx, now: Now, resources: Held, if_match: IfMatch = None
) -> None:
    """Take a job away, with its variables; its runs stay readable."""
    secret = resources.settings.secret_key.get_secret_value()
    await service.delete(
        tx, caller.account_id, job_id, if_match=if_match, secret_key=secret, now=now
    )
    owner = (caller.account_id, OwnerKind.JOB, job_id)
    await changes.note(tx, owner, "deleted", by=caller.user, now=now)


@router.post(
    "/jobs/{job_id}/publish",
    response_model=JobRead,
    responses=problems(*_GONE, JobNotPublishable, GapTooSmall, WrongJobState),
)
async def publish_job(
    job_id: UUID, caller: Manager, tx: Tx, now: Now, response: Response
) -> JobRead:
    """Let a job run: by its schedule, by call if it is `ad_hoc`. Safe to repeat."""
    job = await service.publish(tx, caller.account_id, job_id, now=now)
    await _noted(tx, caller, job, "published", now)
    return await _shown(tx, job, response)


@router.post(
    "/jobs/{job_id}/unpublish",
    response_model=JobRead,
    responses=problems(*_GONE, WrongJobState, JobInGroup),
)
async def unpublish_job(
    job_id: UUID, caller: Manager, tx: Tx, now: Now, resources: Held, response: Response
) -> JobRead:
    """Let no new run of a job begin; those that have begun go on. Safe to repeat."""
    secret = resources.settings.secret_key.get_secret_value()
    job = await service.unpublish(tx, caller.account_id, job_id, secret_key=secret, now=now)
    await _noted(tx, caller, job, "unpublished", now)
    return await _shown(tx, job, response)


@router.put(
    "/jobs/{job_id}/variables",
    response_model=VariablesRead,
    responses=problems(*_CHANGES, JobHasNoCode),
)
async def put_variables(
    job_id: UUID,
    wanted: VariablesPut,
    caller: Admin,
    tx: Tx,
    now: Now,
    resources: Held,
    response: Response,
    if_match: IfMatch = None,
) -> VariablesRead:
    """Replace what the code of a job is given to read. Values are never shown, names are."""
    secret = resources.settings.secret_key.get_secret_value()
    job, names = await service.put_variables(
        tx, caller.account_id, job_id, wanted, if_match=if_match, secret_key=secret, now=now
    )
    await _noted(tx, caller, job, "variables_replaced", now)
    etags.show(response, job.version)
    return names


@router.get(
    "/jobs/{job_id}/versions",
    response_model=Page[VersionRead],
    responses=problems(*_GONE, BadCursor),
)
async def list_versions(
    job_id: UUID,
    caller: Reader,
    tx: Tx,
    now: Now,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Every version of a job's code, newest first."""
    job = await queries.get_job(tx, caller.account_id, job_id, now=now)
    at = position(caller.account_id, "versions", cursor, limit, job_id)
    found = await queries.list_versions(tx, caller.account_id, job_id, at)
    rows, following = at.page(found, lambda version: UUID(int=version.number))
    items = [
        {**version.model_dump(), "is_active": version.number == job.active_version}
        for version in rows
    ]
    return {"items": items, "next_cursor": following}


@router.post(
    "/jobs/{job_id}/versions/{number}/activate",
    response_model=JobRead,
    responses=problems(*_GONE, JobVersionNotFound),
)
async def activate_version(
    job_id: UUID,
    number: Number,
    caller: Admin,
    tx: Tx,
    now: Now,
    response: Response,
) -> JobRead:
    """Have runs that begin from now on use this version, e.g. an earlier one. Safe to repeat."""
    job = await service.activate_version(tx, caller.account_id, job_id, number, now=now)
    await _noted(tx, caller, job, "version_activated", now)
    return await _shown(tx, job, response)


async def _noted(
    session: Session,
    caller: Caller,
    job: Job,
    deed: Deed,
    now: datetime,
    fields: Iterable[str] = (),
) -> None:
    """A repeat that has changed nothing leaves no line."""
    if job.updated_at == now:
        owner = (job.account_id, OwnerKind.JOB, job.id)
        await changes.note(session, owner, deed, by=caller.user, now=now, fields=fields)


async def _shown(session: Session, job: Job, response: Response) -> JobRead:
    etags.show(response, job.version)
    return (await reading.read(session, job.account_id, [job]))[0]
