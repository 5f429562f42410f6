"""The SQL of jobs, of the versions of their code, of their variables."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Session
from app.core.pages import Position
from app.jobs.ending import has_expired
from app.jobs.errors import JobExpired, JobNotFound, JobVersionNotFound
from app.models import GroupMember, Job, JobVariables, JobVersion
from app.models.states import JobKind, JobState

_MOST_VERSIONS = 2**31 - 1


async def find_job(
    session: Session, account_id: UUID, job_id: UUID, *, lock: bool = False
) -> Job | None:
    """The job with this id, be it deleted or expired: for its runs, which stay."""
    statement = select(Job).where(col(Job.account_id) == account_id, col(Job.id) == job_id)
    if lock:
        # Rows of its days and versions may still name it meanwhile.
        statement = statement.with_for_update(key_share=True)
    found = await session.exec(statement, execution_options={"populate_existing": lock})
    return found.one_or_none()


async def get_job(
    session: Session, account_id: UUID, job_id: UUID, *, now: datetime, lock: bool = False
) -> Job:
    """The job with this id.

    Raises:
        JobNotFound: there is none in this account, or it was deleted.
        JobExpired: its definition is gone.
    """
    job = await find_job(session, account_id, job_id, lock=lock)
    if job is None or job.deleted_at is not None:
        raise JobNotFound
    if has_expired(job, now=now):
        raise JobExpired(expires_at=job.expires_at)
    return job


async def find_group_of(session: Session, account_id: UUID, job_id: UUID) -> UUID | None:
    """The group that the job is in; under the job's lock none takes it in meanwhile."""
    found = await session.exec(
        select(GroupMember.group_id).where(
            col(GroupMember.account_id) == account_id, col(GroupMember.job_id) == job_id
        )
    )
    return found.one_or_none()


async def list_jobs(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    now: datetime,
    name: str | None,
    kind: JobKind | None,
    state: JobState | None,
) -> Sequence[Job]:
    """Jobs in the order of their creation; deleted and expired ones are none."""
    statement = _living(account_id, now)
    if name is not None:
        statement = statement.where(col(Job.name) == name)
    if kind is not None:
        statement = statement.where(col(Job.kind) == kind.value)
    if state is not None:
        statement = statement.where(col(Job.state) == state.value)
    if at.after is not None:
        statement = statement.where(col(Job.id) > at.after)
    return (await session.exec(statement.order_by(col(Job.id)).limit(at.fetch_rows))).all()


async def list_overdue(session: Session, account_id: UUID, *, now: datetime) -> Sequence[UUID]:
    """Jobs whose expiry has come without anybody having said so, by id."""
    found = await session.exec(
        select(Job.id)
        .where(
            col(Job.account_id) == account_id,
            col(Job.deleted_at).is_(None),
            col(Job.state) != JobState.EXPIRED.value,
            col(Job.expires_at) <= now,
        )
        .order_by(col(Job.id))
    )
    return found.all()


async def get_version(session: Session, account_id: UUID, job_id: UUID, number: int) -> JobVersion:
    """Raises JobVersionNotFound."""
    found = await session.exec(
        select(JobVersion).where(
            col(JobVersion.account_id) == account_id,
            col(JobVersion.job_id) == job_id,
            col(JobVersion.number) == number,
        )
    )
    version = found.one_or_none()
    if version is None:
        raise JobVersionNotFound
    return version


async def last_version(session: Session, account_id: UUID, job_id: UUID) -> int:
    """The highest number of a version; 0 if there is none. Under the job's lock it stays so."""
    found = await session.exec(
        select(func.max(JobVersion.number)).where(
            col(JobVersion.account_id) == account_id, col(JobVersion.job_id) == job_id
        )
    )
    return found.one() or 0


async def list_versions(
    session: Session, account_id: UUID, job_id: UUID, at: Position
) -> Sequence[JobVersion]:
    """Versions, newest first; the position is a number in the dress of an id."""
    statement = select(JobVersion).where(
        col(JobVersion.account_id) == account_id, col(JobVersion.job_id) == job_id
    )
    if at.after is not None:
        statement = statement.where(col(JobVersion.number) < min(at.after.int, _MOST_VERSIONS))
    ordered = statement.order_by(col(JobVersion.number).desc()).limit(at.fetch_rows)
    return (await session.exec(ordered)).all()


async def put_variables(session: Session, row: JobVariables) -> None:
    """Keep these in place of the ones before, if there were any."""
    await session.merge(row)
    await session.flush()


async def find_variables(
    session: Session, account_id: UUID, jobs: Sequence[UUID]
) -> Sequence[JobVariables]:
    """The variables of those of these jobs that have any."""
    found = await session.exec(
        select(JobVariables).where(
            col(JobVariables.account_id) == account_id, col(JobVariables.job_id).in_(jobs)
        )
    )
    return found.all()


async def forget_variables(session: Session, account_id: UUID, job_id: UUID) -> None:
    await session.exec(
        delete(JobVariables).where(
            col(JobVariables.account_id) == account_id, col(JobVariables.job_id) == job_id
        )
    )


def _living(account_id: UUID, now: datetime) -> SelectOfScalar[Job]:
    return select(Job).where(
        col(Job.account_id) == account_id,
        col(Job.deleted_at).is_(None),
        col(Job.state) != JobState.EXPIRED.value,
        or_(col(Job.expires_at).is_(None), col(Job.expires_at) > now),
    )
