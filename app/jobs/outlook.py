"""Reading what a forecast goes by: timetables, what is used up today, how long runs usually are."""

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
from app.jobs.forecasting import MOST, Ahead, Today, forecast
from app.models import Account, Job
from app.models.states import OwnerKind

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
    """What is planned of the account's jobs up to then, and which of it will be refused."""
    timetables = await list_timetables(session, account.id, OwnerKind.JOB)
    ids = [timetable.owner_id for timetable in timetables]
    found = await session.exec(
        select(Job).where(col(Job.account_id) == account.id, col(Job.id).in_(ids))
    )
    jobs = {job.id: job for job in found.all()}
    day, plan = day_of(now, account.timezone), plan_of(account.plan)
    started = await quotas.list_jobs_of(session, account.id, day)
    today = Today(
        day,
        await quotas.use_of(session, account.id, day),
        {of_job.job_id: of_job.invocations for of_job, _ in started},
    )
    items = forecast(
        [(timetable, jobs[timetable.owner_id]) for timetable in timetables],
        await _lengths(session, account.id, ids),
        Ahead(plan, account.timezone, today),
        gap=plan.minimum_gap,
        until=until,
    )
    return ForecastRead(until=until if len(items) < MOST else items[-1].planned_at, items=items)


async def _lengths(session: Session, account_id: UUID, jobs: list[UUID]) -> dict[UUID, timedelta]:
    rows = await (await driver_of(session)).fetch(_LENGTHS, account_id, jobs)
    return {row["id"]: row["length"] for row in rows if row["length"] is not None}
