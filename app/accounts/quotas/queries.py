"""The SQL of quotas. Locks go from the account's day to the job's, everywhere."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, or_, select

from app.accounts.plans import Plan
from app.accounts.quotas.rules import NO_TIME, DayUse, held_by
from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.models import AccountDay, Job, JobDay
from app.models.states import JobState

_OPEN_ACCOUNT = """
INSERT INTO account_days (account_id, day) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
# The account's day first: a planner that holds it writes the job's at its end.
_OPEN_JOB = """
WITH account AS (SELECT account_id FROM account_days WHERE account_id = $1 AND day = $3 FOR UPDATE)
INSERT INTO job_days (account_id, job_id, day) SELECT account_id, $2, $3 FROM account
ON CONFLICT DO NOTHING
"""
# Each row is looked at under its lock, as whoever had it before has left it. The gates are those
# of `rules.may_start`; a test holds the two against each other.
_TAKE = """
WITH account AS (
    SELECT FROM account_days
     WHERE account_id = $1 AND day = $3 AND executions < $4
       AND $6::interval - booked - reserved >= $7::interval
       FOR UPDATE),
job AS (
    UPDATE job_days SET invocations = invocations + 1, reserved = reserved + $8::interval
     WHERE account_id = $1 AND job_id = $2 AND day = $3 AND invocations < $5
       AND EXISTS (SELECT FROM account)
    RETURNING 1)
UPDATE account_days SET executions = executions + 1, reserved = reserved + $8::interval
 WHERE account_id = $1 AND day = $3 AND EXISTS (SELECT FROM job)
RETURNING 1
"""
_TAKE_AGAIN = """
WITH account AS (
    UPDATE account_days SET reserved = reserved + $6::interval
     WHERE account_id = $1 AND day = $3 AND $4::interval - booked - reserved >= $5::interval
    RETURNING 1)
UPDATE job_days SET reserved = reserved + $6::interval
 WHERE account_id = $1 AND job_id = $2 AND day = $3 AND EXISTS (SELECT FROM account)
RETURNING 1
"""
_BOOK_ACCOUNT = """
INSERT INTO account_days AS d (account_id, day, booked) VALUES ($1, $2, $3)
ON CONFLICT (account_id, day) DO UPDATE
   SET booked = d.booked + excluded.booked, reserved = greatest(d.reserved - $4::interval, '0')
"""
_BOOK_JOB = """
INSERT INTO job_days AS d (account_id, job_id, day, booked) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, job_id, day) DO UPDATE
   SET booked = d.booked + excluded.booked, reserved = greatest(d.reserved - $5::interval, '0')
"""
_MARK_USED_UP = """
UPDATE account_days AS d SET used_up_at = $3
  FROM unnest($1::uuid[], $2::date[]) AS w(account_id, day)
 WHERE d.account_id = w.account_id AND d.day = w.day AND d.used_up_at IS NULL
RETURNING d.account_id, d.day
"""
_MOST_SHOWN = 1_000


async def open_day(session: Session, account_id: UUID, job_id: UUID, day: date) -> None:
    """See to it that there are rows to take from."""
    driver = await driver_of(session)
    await driver.execute(_OPEN_ACCOUNT, account_id, day)
    await driver.execute(_OPEN_JOB, account_id, job_id, day)


async def take(
    session: Session, account_id: UUID, job_id: UUID, day: date, plan: Plan, needed: timedelta
) -> bool:
    """Take an execution and an invocation, if both and the minutes are there; or neither."""
    taken = await (await driver_of(session)).fetchval(
        _TAKE,
        *(account_id, job_id, day),
        *(plan.executions_per_day, plan.invocations_per_job, plan.time_per_day),
        *(needed, held_by(plan, needed)),
    )
    return taken is not None


async def take_again(
    session: Session, account_id: UUID, job_id: UUID, day: date, plan: Plan, needed: timedelta
) -> bool:
    """The same for a further attempt: the minutes alone."""
    taken = await (await driver_of(session)).fetchval(
        _TAKE_AGAIN,
        *(account_id, job_id, day),
        *(plan.time_per_day, needed, held_by(plan, needed)),
    )
    return taken is not None


async def book(
    session: Transaction, account_id: UUID, job_id: UUID, day: date, *, elapsed: timedelta,
    held: timedelta,
) -> None:  # fmt: skip
    """Add what an attempt took, and give back what was held for it."""
    driver = await driver_of(session)
    await driver.execute(_BOOK_ACCOUNT, account_id, day, elapsed, held)
    await driver.execute(_BOOK_JOB, account_id, job_id, day, elapsed, held)


async def mark_used_up(
    session: Transaction, places: Sequence[tuple[UUID, date]], *, now: datetime
) -> list[tuple[UUID, date]]:
    """Note of days, whose rows this transaction has locked, that nothing is left; those of which
    nobody has noted it before.
    """
    accounts, of_days = [account_id for account_id, _ in places], [day for _, day in places]
    rows = await (await driver_of(session)).fetch(_MARK_USED_UP, accounts, of_days, now)
    return [(row["account_id"], row["day"]) for row in rows]


async def use_of(
    session: Session, account_id: UUID, day: date, *, job_id: UUID | None = None, lock: bool = False
) -> DayUse:
    """What is used up; with the lock nobody else takes any of it before this transaction ends."""
    of_account = select(AccountDay).where(
        col(AccountDay.account_id) == account_id, col(AccountDay.day) == day
    )
    of_job = select(JobDay).where(
        col(JobDay.account_id) == account_id, col(JobDay.job_id) == job_id, col(JobDay.day) == day
    )
    if lock:
        of_account, of_job = of_account.with_for_update(), of_job.with_for_update()
    fresh = {"populate_existing": True}
    account = (await session.exec(of_account, execution_options=fresh)).one_or_none()
    job = None
    if job_id is not None:
        job = (await session.exec(of_job, execution_options=fresh)).one_or_none()
    return DayUse(
        executions=account.executions if account else 0,
        invocations=job.invocations if job else 0,
        booked=account.booked if account else NO_TIME,
        reserved=account.reserved if account else NO_TIME,
    )


async def list_jobs_of(
    session: Session, account_id: UUID, day: date
) -> Sequence[tuple[JobDay, str]]:
    """The jobs that were started on a day, most often first, with their names; at most 1,000."""
    found = await session.exec(
        select(JobDay, Job.name)
        .join(Job, (col(Job.account_id) == col(JobDay.account_id)) & (col(Job.id) == JobDay.job_id))
        .where(col(JobDay.account_id) == account_id, col(JobDay.day) == day)
        .order_by(col(JobDay.invocations).desc(), col(JobDay.job_id))
        .limit(_MOST_SHOWN)
    )
    return found.all()


async def count_jobs(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Definitions that are neither deleted nor expired."""
    expires_at = col(Job.expires_at)
    found = await session.exec(
        select(func.count()).where(
            col(Job.account_id) == account_id,
            col(Job.deleted_at).is_(None),
            col(Job.state) != JobState.EXPIRED.value,
            or_(expires_at.is_(None), expires_at > now),
        )
    )
    return found.one()
