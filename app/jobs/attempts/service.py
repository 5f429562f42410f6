"""Preparing, beginning and ending attempts; inside the caller's transaction, under its token."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.accounts.plans import plan_of
from app.accounts.queries import get_account
from app.accounts.quotas import rules as quota_rules
from app.accounts.quotas import service as quotas
from app.core.db import Session
from app.core.queue import Ring, Task, ring_after
from app.exports.queries import KeptFile, add_files
from app.jobs import queries as jobs
from app.jobs import used_up, variables
from app.jobs.attempts import queries
from app.jobs.attempts.rules import RETRY_REFUSED, Ended, Ending, Next, what_follows
from app.jobs.errors import JobVersionNotFound
from app.jobs.variables import VariablesPut
from app.models import Account, Job, JobVersion, Run
from app.models.states import JobState, RunState
from app.runs import cancelling, queue
from app.runs.logs.queries import used_bytes
from app.runs.queue import Claimed

# Of the run's details: the attempt that is at work; the seconds that are reserved for it, and since
# when, if that is not when the run was queued.
AT_WORK = "at_work"
HELD, HELD_SINCE = "held", "held_since"
_OF_ENDED = ("returned", "warnings", "hosts")
_NO_TIME = timedelta()
_SHOWN_ATTEMPTS = 20
_SHOWN_DETAIL = 1_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that a worker needs to know to run customers' code once."""

    run_id: UUID
    job_name: str
    number: int
    trigger: str
    version: JobVersion
    timeout: timedelta
    variables: VariablesPut
    body: Any
    query: dict[str, Any]
    allow_list: Sequence[str]
    only_listed: bool
    log_used_bytes: int


async def prepare(session: Session, claimed: Claimed, *, secret_key: str) -> Attempt | Ended:
    """What the next attempt is given; or how the one before ended, if nobody has said so.

    An attempt that had begun when its worker died is lost: its code is not run once more under the
    same number. Raises Unsealable.
    """
    run = await queries.read_run(session, claimed.account_id, claimed.run_id)
    if AT_WORK in run.details:
        return Ended(Ending.WORKER_LOST, "The worker that ran it is gone.")
    if run.cancel_asked_at is not None:
        return Ended(Ending.CANCELLED)
    account, job = await _owners_of(session, run)
    if _is_gone(job):
        return Ended(Ending.CODE_GONE, "The job is gone.")
    number = run.code_version or run.details.get("version") or job.active_version
    try:
        version = await jobs.get_version(session, account.id, job.id, number or 0)
    except JobVersionNotFound:
        return Ended(Ending.CODE_GONE, "There is no code to run.")
    await queries.pin_version(session, run, version.number)
    return Attempt(
        run_id=run.id,
        job_name=job.name,
        number=run.attempt,
        trigger=run.trigger.value,
        version=version,
        timeout=job.timeout,
        variables=await variables.read(session, account.id, job.id, secret_key=secret_key),
        body=run.details.get("body"),
        query=run.details.get("query") or {},
        allow_list=account.code_allow_list,
        only_listed=account.code_only_listed,
        log_used_bytes=await used_bytes(session, account.id, run.id),
    )


async def mark_begun(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """From here on the attempt counts, whether its code is reached or not."""
    run = await queries.read_run(session, claimed.account_id, claimed.run_id)
    at_work = {AT_WORK: {"started_at": now.isoformat()}}
    await queries.describe(session, run, attempt=run.attempt, without=[], details=at_work)


async def undo(session: Session, claimed: Claimed) -> None:
    """Take a beginning back: no sandbox could be built, so no code was run."""
    run = await queries.read_run(session, claimed.account_id, claimed.run_id)
    await queries.describe(session, run, attempt=run.attempt, without=[AT_WORK], details={})


async def end(
    session: Session,
    claimed: Claimed,
    ended: Ended,
    *,
    files: Sequence[KeptFile] = (),
    now: datetime,
) -> bool:
    """Record an attempt, book its time, and end the run unless another attempt follows.

    Returns:
        Whether another follows. Its files are not listed then.
    """
    run = await queries.read_run(session, claimed.account_id, claimed.run_id)
    account, job = await _owners_of(session, run)
    await _book(session, account, job, run, now=now)
    used = int(run.details.get("retries_used", 0))
    retries = 0 if _is_gone(job) else job.retries
    following = what_follows(ended.ending, attempt=run.attempt, retries_used=used, retries=retries)
    if run.cancel_asked_at is not None and following is not Next.SUCCEED:
        following = Next.CANCEL
    error = (ended.ending.value, ended.shown_detail)
    if following in (Next.AGAIN, Next.AGAIN_FOR_FREE):
        refusal = await quotas.retry(session, account, job.id, needed=job.timeout, now=now)
        if refusal is None:
            used += following is Next.AGAIN
            await _go_on(session, run, job, account, ended, retries_used=used, now=now)
            return True
        terms = {account.id: (plan_of(account.plan), account.timezone)}
        await used_up.tell(session, [(account.id, job.id, refusal)], terms, now=now)
        error = (RETRY_REFUSED, f"{refusal.value}, after {ended.ending.value}: {error[1]}")
    told = {"attempts": _attempts(run, ended, now=now), **_told(ended)}
    await queries.describe(
        session,
        run,
        attempt=run.attempt,
        without=[AT_WORK, HELD, HELD_SINCE, *_OF_ENDED],
        details=told,
    )
    if ended.counts is not None:
        await queries.count(session, run, ended.counts)
    await add_files(session, run.account_id, run.id, files, now=now)
    state = _state_of(following, ended)
    failed = error if state is RunState.FAILED else None
    await queue.end_run(session, run.account_id, run.id, state, error=failed)
    return False


async def cancel(session: Session, account_id: UUID, run_id: UUID, *, now: datetime) -> None:
    """End a cancelled run that no worker has begun; one that has a worker is ended by it."""
    if await cancelling.is_begun(session, account_id, run_id):
        return
    run = await queries.read_run(session, account_id, run_id)
    account, job = await _owners_of(session, run)
    await _book(session, account, job, run, now=now)
    await queue.end_run(session, account_id, run_id, RunState.CANCELLED)


async def _go_on(
    session: Session,
    run: Run,
    job: Job,
    account: Account,
    ended: Ended,
    *,
    retries_used: int,
    now: datetime,
) -> None:
    held = quota_rules.held_by(plan_of(account.plan), job.timeout)
    told = {
        "attempts": _attempts(run, ended, now=now),
        "retries_used": retries_used,
        **_holding(held, now),
    }
    await queries.describe(
        session,
        run,
        attempt=run.attempt + 1,
        without=[AT_WORK, HELD, HELD_SINCE, *_OF_ENDED],
        details=told,
    )
    ring_after(session, Ring(Task.WORK_ON_RUN, run.account_id, run.id))


async def _book(session: Session, account: Account, job: Job, run: Run, *, now: datetime) -> None:
    """Book the attempt at work, if there is one, and give back what was held for it.

    What was held belongs to the day on which it was, which may be the day before.
    """
    held, since = _held(run)
    if held:
        await quotas.book(session, account, job.id, started_at=since, elapsed=_NO_TIME, held=held)
    at_work = run.details.get(AT_WORK)
    if at_work is not None:
        began = datetime.fromisoformat(at_work["started_at"])
        await quotas.book(session, account, job.id, started_at=began, elapsed=now - began)


def _held(run: Run) -> tuple[timedelta, datetime]:
    """What is reserved for the next or present attempt, and since when."""
    since = run.details.get(HELD_SINCE)
    moment = datetime.fromisoformat(since) if since else run.queued_at
    return timedelta(seconds=run.details.get(HELD, 0)), moment


def _holding(held: timedelta, now: datetime) -> dict[str, Any]:
    return {HELD: held.total_seconds(), HELD_SINCE: now.isoformat()} if held else {}


def _attempts(run: Run, ended: Ended, *, now: datetime) -> list[dict[str, Any]]:
    """What became of each attempt, the last ones if there are many."""
    at_work = run.details.get(AT_WORK)
    this = {
        "attempt": run.attempt,
        "ending": ended.ending.value,
        "detail": ended.detail[-_SHOWN_DETAIL:] or None,
        "started_at": at_work["started_at"] if at_work else None,
        "finished_at": now.isoformat(),
    }
    return [*run.details.get("attempts", []), this][-_SHOWN_ATTEMPTS:]


def _told(ended: Ended) -> dict[str, Any]:
    told = {name: getattr(ended, name) for name in _OF_ENDED}
    shown = {name: value for name, value in told.items() if value not in (None, (), [])}
    # As it will be stored; sequences become lists.
    found: dict[str, Any] = json.loads(json.dumps(shown))
    return found


def _state_of(following: Next, ended: Ended) -> RunState:
    if following is Next.CANCEL:
        return RunState.CANCELLED
    if following is not Next.SUCCEED:
        return RunState.FAILED
    has_failed_rows = ended.counts is not None and ended.counts.failed > 0
    is_clean = not has_failed_rows and not ended.warnings
    return RunState.SUCCEEDED if is_clean else RunState.SUCCEEDED_WITH_WARNINGS


def _is_gone(job: Job) -> bool:
    return job.deleted_at is not None or job.state is JobState.EXPIRED


async def _owners_of(session: Session, run: Run) -> tuple[Account, Job]:
    """The account and the job, which may be deleted or expired by now, but is there."""
    account = await get_account(session, run.account_id)
    if run.job_id is None:
        raise RuntimeError("a run of code without a job")
    job = await jobs.find_job(session, run.account_id, run.job_id)
    if job is None:
        raise RuntimeError("a run of code without a job")
    return account, job
