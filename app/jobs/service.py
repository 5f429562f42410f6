"""What can be done with the definition of a job; inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.accounts.plans import plan_of
from app.accounts.queries import get_account
from app.accounts.quotas.queries import count_jobs
from app.core import etags
from app.core.db import Session, constraint_of
from app.core.errors import Fault
from app.core.ids import uuid7
from app.fires import service as timetables
from app.jobs import configs, ending, expiry, queries, rules, timetable, timing, variables
from app.jobs.errors import (
    InvalidJob,
    JobHasNoCode,
    JobInGroup,
    JobNameTaken,
    JobNotPublishable,
    TooManyJobs,
)
from app.jobs.schemas import JobCreate, JobPatch
from app.jobs.variables import VariablesPut, VariablesRead
from app.models import Job
from app.models.states import JobKind, JobState
from app.notifications.alerts.schemas import Alert


async def create(
    session: Session, account_id: UUID, wanted: JobCreate, *, secret_key: str, now: datetime
) -> Job:
    """Add a job as a draft. Two at once go one after the other, so the plan's number holds.

    Raises:
        TooManyJobs: the plan has room for no more.
        InvalidJob: its config makes no sense, or it asks for more than the plan has.
        InvalidSchedule, SlotOver, GapTooSmall: its schedule is none that could be kept.
        JobNameTaken: another job has the name.
    """
    account = await get_account(session, account_id, lock=True)
    plan = plan_of(account.plan)
    await expiry.expire_overdue(session, account_id, secret_key=secret_key, now=now)
    if await count_jobs(session, account_id, now=now) >= plan.jobs:
        raise TooManyJobs(most=plan.jobs)
    fields = wanted.model_dump(exclude={"config", "timeout", "alert", "schedule"})
    job = Job(
        account_id=account_id,
        id=uuid7(),
        timeout=wanted.timeout or rules.default_timeout(plan),
        alert=_kept(wanted.alert),
        created_at=now,
        updated_at=now,
        **fields,
    )
    _refuse(rules.faults_in_limits(job, plan) + ending.faults_in_time(job.expires_at, now=now))
    timing.set_schedule(job, wanted.schedule, account, now=now)
    await configs.configure(session, job, wanted.config, secret_key=secret_key)
    session.add(job)
    await _flush(session)
    await timetable.follow(session, job, now=now)
    return job


async def change(
    session: Session,
    account_id: UUID,
    job_id: UUID,
    patch: JobPatch,
    *,
    if_match: str | None,
    by: str,
    secret_key: str,
    now: datetime,
) -> Job:
    """Change the given fields, for runs that have not begun.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        ChangedMeanwhile: `if_match` names another version.
        InvalidJob: a given field makes no sense, or is more than the plan has.
        InvalidSchedule, SlotOver, GapTooSmall: the given schedule is none that could be kept.
        JobNotPublishable: it is published, and could not be.
        JobNameTaken: another job has the name.
        NotScheduled: it is to pause, or to go on, and plans no fires.
        JobInGroup: its group would have it run by nothing else.
    """
    account = await get_account(session, account_id)
    if patch.name is not None:
        await expiry.expire_overdue(session, account_id, secret_key=secret_key, now=now)
    job = await _job_to_change(session, account_id, job_id, if_match=if_match, now=now)
    if patch.schedule is not None or patch.ad_hoc is False:
        deed = "given a schedule" if patch.schedule is not None else "kept from being called"
        await _refuse_in_group(session, job, deed)
    await timetable.catch_up(session, job, secret_key=secret_key, now=now)
    fields = ending.with_one_end(patch.model_dump(mode="python", exclude_unset=True))
    is_paused = fields.pop("is_paused", None)
    config = fields.pop("config", None)
    if "schedule" in fields:
        del fields["schedule"]
        timing.set_schedule(job, patch.schedule, account, now=now)
    if "alert" in fields:
        fields["alert"] = _kept(patch.alert)
    if "expires_at" in fields and fields["expires_at"] != job.expires_at:
        job.expiry_warnings = 0
    for field, value in fields.items():
        setattr(job, field, value)
    faults = rules.faults_in_limits(job, plan_of(account.plan))
    faults += ending.faults_in_time(job.expires_at, now=now)
    _refuse([fault for fault in faults if fault.pointer.removeprefix("/") in fields])
    if config is not None:
        await configs.configure(session, job, config, secret_key=secret_key)
    if job.state is JobState.PUBLISHED:
        _check_publishable(job)
    await _changed(session, job, now=now)
    await timetable.follow(session, job, now=now)
    if is_paused is not None:
        owner = timetable.owner_of(job)
        await timetables.pause(session, owner, is_paused=is_paused, by=by, now=now)
    return job


async def delete(
    session: Session,
    account_id: UUID,
    job_id: UUID,
    *,
    if_match: str | None,
    secret_key: str,
    now: datetime,
) -> None:
    """Take the definition away, and what it held in secret; its runs stay.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        ChangedMeanwhile: `if_match` names another version.
        JobInGroup: it is in a group.
    """
    job = await _job_to_change(session, account_id, job_id, if_match=if_match, now=now)
    await _refuse_in_group(session, job, "deleted")
    await timetable.catch_up(session, job, secret_key=secret_key, now=now)
    job.deleted_at, job.published_at = now, None
    await expiry.forget_secrets(session, job)
    await _changed(session, job, now=now)
    await timetable.follow(session, job, now=now)


async def publish(session: Session, account_id: UUID, job_id: UUID, *, now: datetime) -> Job:
    """Let the job run. Publishing a published one changes nothing.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        JobNotPublishable: with all that is missing.
        GapTooSmall: its fires are nearer to each other than the plan allows by now.
    """
    account = await get_account(session, account_id)
    job = await _job_to_change(session, account_id, job_id, now=now)
    if job.state is JobState.PUBLISHED:
        return job
    rules.check_may_become(job, JobState.PUBLISHED)
    further = rules.faults_in_limits(job, plan_of(account.plan)) + timing.faults_now(job, now=now)
    _check_publishable(job, further)
    timing.check_gap(job, account, now=now)
    job.state, job.published_at = JobState.PUBLISHED, now
    await _changed(session, job, now=now)
    await timetable.follow(session, job, now=now)
    return job


async def unpublish(
    session: Session, account_id: UUID, job_id: UUID, *, secret_key: str, now: datetime
) -> Job:
    """Let no new run begin; those that have begun go on. Safe to repeat.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        WrongJobState: it was never published.
        JobInGroup: it is in a group.
    """
    job = await _job_to_change(session, account_id, job_id, now=now)
    if job.state is JobState.UNPUBLISHED:
        return job
    rules.check_may_become(job, JobState.UNPUBLISHED)
    await _refuse_in_group(session, job, "unpublished")
    await timetable.catch_up(session, job, secret_key=secret_key, now=now)
    job.state, job.published_at = JobState.UNPUBLISHED, None
    await _changed(session, job, now=now)
    await timetable.follow(session, job, now=now)
    return job


async def put_variables(
    session: Session,
    account_id: UUID,
    job_id: UUID,
    wanted: VariablesPut,
    *,
    if_match: str | None,
    secret_key: str,
    now: datetime,
) -> tuple[Job, VariablesRead]:
    """Replace what the job's code is given to read, from the next run on.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        ChangedMeanwhile: `if_match` names another version.
        JobHasNoCode: it has no code.
    """
    job = await _job_to_change(session, account_id, job_id, if_match=if_match, now=now)
    if job.kind is not JobKind.CODE:
        raise JobHasNoCode
    names = await variables.save(
        session, account_id, job_id, wanted, secret_key=secret_key, now=now
    )
    await _changed(session, job, now=now)
    return job, names


async def activate_version(
    session: Session, account_id: UUID, job_id: UUID, number: int, *, now: datetime
) -> Job:
    """Have runs that begin from now on use this version of the code. Safe to repeat.

    Raises:
        JobNotFound, JobExpired: there is no such job any more.
        JobVersionNotFound: the job has no such version.
    """
    job = await _job_to_change(session, account_id, job_id, now=now)
    version = await queries.get_version(session, account_id, job_id, number)
    if job.active_version != version.number:
        job.active_version = version.number
        await _changed(session, job, now=now)
    return job


async def _job_to_change(
    session: Session, account_id: UUID, job_id: UUID, *, if_match: str | None = None, now: datetime
) -> Job:
    job = await queries.get_job(session, account_id, job_id, now=now, lock=True)
    etags.check(if_match, job.version)
    return job


async def _refuse_in_group(session: Session, job: Job, deed: str) -> None:
    """The job is locked, and groups lock it before they take it in."""
    group_id = await queries.find_group_of(session, job.account_id, job.id)
    if group_id is not None:
        raise JobInGroup(group_id=group_id, deed=deed)


def _kept(alert: Alert | None) -> dict[str, Any] | None:
    return None if alert is None else alert.model_dump(mode="json")


def _check_publishable(job: Job, further: Sequence[Fault] = ()) -> None:
    faults = [*rules.faults_before_publishing(job), *further]
    if faults:
        raise JobNotPublishable(faults=faults)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidJob(faults=faults)


async def _changed(session: Session, job: Job, *, now: datetime) -> None:
    job.version += 1
    job.updated_at = now
    await _flush(session)


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_jobs_name":
            raise
        raise JobNameTaken from None
