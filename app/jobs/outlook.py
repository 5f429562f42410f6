"""Reading what a forecast goes by: timetables, what is used up today, how long runs usually are."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from app.accounts.plans import plan_of
from app.accounts.quotas import queries as quotas
from app.accounts.quotas.rules import day_of
from app.core.db import Session
from app.core.driver import driver_of
from app.fires.queries import list_timetables
from app.fires.schemas import ForecastRead
from app.jobs.forecasting import MOST, Ahead, Line, Step, Today, forecast
from app.models import Account, Group, GroupMember, Job
from app.models.states import OnFailure, OwnerKind

# Of the last twenty that succeeded, the middle one.
_LENGTHS = """
SELECT j.id, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY last.length) FROM (
                     SELECT r.finished_at - r.started_at AS length FROM runs r
                      WHERE r.account_id = $1 AND r.job_id = j.id
                        AND r.state IN ('succeeded', 'succeeded_with_warnings')
                      ORDER BY r.id DESC LIMIT 20) AS last) AS length
  FROM unnest($2::uuid[]) AS j(id)
"""


async def read_forecast(
    session: Session, account: Account, *, until: datetime, now: datetime
) -> ForecastRead:
    """What is planned of the account's jobs, groups, campaigns and batches up to then, and which of
    it will be refused.
    """
    day, plan = day_of(now, account.timezone), plan_of(account.plan)
    started = await quotas.list_jobs_of(session, account.id, day)
    today = Today(
        day,
        await quotas.use_of(session, account.id, day),
        {of_job.job_id: of_job.invocations for of_job, _ in started},
    )
    lines = [
        *await _lines_of_jobs(session, account, plan.minimum_gap),
        *await _lines_of_groups(session, account, plan.minimum_gap),
    ]
    for kind in (OwnerKind.CAMPAIGN, OwnerKind.BATCH):
        lines += [Line(one) for one in await list_timetables(session, account.id, kind)]
    items = forecast(lines, Ahead(plan, account.timezone, today), until=until)
    return ForecastRead(until=until if len(items) < MOST else items[-1].planned_at, items=items)


async def _lines_of_jobs(session: Session, account: Account, gap: timedelta) -> list[Line]:
    timetables = await list_timetables(session, account.id, OwnerKind.JOB)
    ids = [timetable.owner_id for timetable in timetables]
    found = await session.exec(
        select(Job).where(col(Job.account_id) == account.id, col(Job.id).in_(ids))
    )
    jobs = {job.id: job for job in found.all()}
    lengths = await _lengths(session, account.id, ids)
    return [
        Line(timetable, job.expires_at, [_step(job, lengths)], gap)
        for timetable in timetables
        for job in [jobs[timetable.owner_id]]
    ]


async def _lines_of_groups(session: Session, account: Account, gap: timedelta) -> list[Line]:
    timetables = await list_timetables(session, account.id, OwnerKind.GROUP)
    ids = [timetable.owner_id for timetable in timetables]
    members = await session.exec(
        select(GroupMember, Job)
        .join(
            Job,
            (col(Job.account_id) == col(GroupMember.account_id)) & (Job.id == GroupMember.job_id),
        )
        .where(col(GroupMember.account_id) == account.id, col(GroupMember.group_id).in_(ids))
        .order_by(col(GroupMember.position))
    )
    pairs = members.all()
    lengths = await _lengths(session, account.id, [job.id for _, job in pairs])
    steps: dict[UUID, list[Step]] = defaultdict(list)
    for member, job in pairs:
        halts = member.on_failure is OnFailure.HALT
        steps[member.group_id].append(
            _step(job, lengths)._replace(halts=halts, always=member.always)
        )
    ends = await session.exec(
        select(Group.id, Group.expires_at).where(
            col(Group.account_id) == account.id, col(Group.id).in_(ids)
        )
    )
    expires_at = dict(ends.all())
    return [Line(one, expires_at[one.owner_id], steps[one.owner_id], gap) for one in timetables]


def _step(job: Job, lengths: dict[UUID, timedelta]) -> Step:
    return Step(job.id, job.timeout, lengths.get(job.id, job.timeout))


async def _lengths(session: Session, account_id: UUID, jobs: list[UUID]) -> dict[UUID, timedelta]:
    rows = await (await driver_of(session)).fetch(_LENGTHS, account_id, jobs)
    return {row["id"]: row["length"] for row in rows if row["length"] is not None}
