"""What runs of jobs do to a day: start, start again, book. Inside the caller's transaction.

start ──▶ an execution and an invocation are taken ──▶ the attempt ends ──▶ book
  ▲ quota_mode reserve: the timeout is held             │                    the held is released
  └──────────── retry: minutes alone ◀──────────────────┘
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.accounts.plans import plan_of
from app.accounts.quotas import queries, rules
from app.accounts.quotas.rules import NO_TIME, Refusal
from app.accounts.quotas.schemas import JobUseRead, LimitsRead, MinutesRead, UseRead
from app.accounts.schemas import PlanRead
from app.core.db import Session
from app.models import Account


async def start(
    session: Session, account: Account, job_id: UUID, *, needed: timedelta, now: datetime
) -> Refusal | None:
    """Take what a new run needs of the account's day, or say what is used up and take nothing.

    The day's rows stay locked until the transaction ends, so this comes last in it. Who reserves
    keeps `rules.held_by(plan, needed)` with the run, for `book`.

    Args:
        needed: what must be left of the day's minutes: the job's execution timeout.
        now: business time; its calendar day in the account's zone is what is taken from.
    """
    plan, day = plan_of(account.plan), rules.day_of(now, account.timezone)
    await queries.open_day(session, account.id, job_id, day)
    while not await queries.take(session, account.id, job_id, day, plan, needed):
        # Under the lock, so that what was given back meanwhile is there at the second look.
        use = await queries.use_of(session, account.id, day, job_id=job_id, lock=True)
        refusal = rules.may_start(use, plan, timeout=needed)
        if refusal is not None:
            return refusal
    return None


async def retry(
    session: Session, account: Account, job_id: UUID, *, needed: timedelta, now: datetime
) -> Refusal | None:
    """The same for a further attempt of a run: gated by minutes, counted as nothing.

    It is of the day on which it begins, whenever the run did.
    """
    plan, day = plan_of(account.plan), rules.day_of(now, account.timezone)
    await queries.open_day(session, account.id, job_id, day)
    while not await queries.take_again(session, account.id, job_id, day, plan, needed):
        use = await queries.use_of(session, account.id, day, job_id=job_id, lock=True)
        refusal = rules.may_retry(use, plan, timeout=needed)
        if refusal is not None:
            return refusal
    return None


async def book(
    session: Session,
    account: Account,
    job_id: UUID,
    *,
    started_at: datetime,
    elapsed: timedelta,
    held: timedelta = NO_TIME,
) -> None:
    """Add what an attempt took to the day on which it started. Once for each attempt.

    Args:
        started_at: of the attempt; time past midnight belongs to the day before, too.
        elapsed: business time from its start to its end.
        held: what was reserved as it started; given back.
    """
    day = rules.day_of(started_at, account.timezone)
    elapsed = max(elapsed, NO_TIME)
    await queries.book(session, account.id, job_id, day, elapsed=elapsed, held=held)


async def read_limits(session: Session, account: Account, *, now: datetime) -> LimitsRead:
    """The limits of an account, and what is left of them today."""
    plan, day = plan_of(account.plan), rules.day_of(now, account.timezone)
    use = await queries.use_of(session, account.id, day)
    jobs = await queries.list_jobs_of(session, account.id, day)
    return LimitsRead(
        day=day,
        timezone=account.timezone,
        resets_at=rules.end_of(day, account.timezone),
        jobs=UseRead.of(plan.jobs, await queries.count_jobs(session, account.id, now=now)),
        executions=UseRead.of(plan.executions_per_day, use.executions),
        minutes=MinutesRead(
            limit=plan.minutes_per_day,
            used=minutes(use.booked),
            reserved=minutes(use.reserved),
            left=minutes(rules.time_left(use, plan)),
        ),
        invocations=[
            JobUseRead(
                job_id=of_job.job_id,
                name=name,
                **UseRead.of(plan.invocations_per_job, of_job.invocations).model_dump(),
                minutes=minutes(of_job.booked),
            )
            for of_job, name in jobs
        ],
        plan=PlanRead.model_validate(plan.model_dump()),
    )


def minutes(length: timedelta) -> float:
    """As it is shown: to the hundredth of a minute."""
    return round(length / timedelta(minutes=1), 2)
