"""Moving a run of a group on: what has ended is recorded, and what follows begins, at once.

    call ─▶ the group's lock ─▶ the ended step recorded ─▶ the next job's run queued · finish
                                        │ refused, gone: failed, and the one behind it looked at
                                        └ a run of the job is at work: waited for

All of it in one transaction: whoever dies in it has done nothing, and the call is still there.
"""

from datetime import datetime
from uuid import UUID

from app.accounts.queries import get_account
from app.accounts.quotas.rules import Refusal
from app.core.db import Session
from app.groups.running import finishing, queries, rules
from app.groups.running.queries import Progress
from app.jobs import cancelling as jobs_runs
from app.jobs import queries as jobs
from app.jobs import starting
from app.jobs.ending import has_expired
from app.jobs.starting import What
from app.models import GroupStep, Job
from app.models.states import JobState, RunKind, RunState, RunTrigger, StepState
from app.runs import cancelling
from app.runs.calls import call_group
from app.runs.news import tell_of_run
from app.runs.of_jobs import hold_unfinished


async def advance(
    session: Session, account_id: UUID, run_id: UUID, *, secret_key: str, now: datetime
) -> None:
    """Do what a call asks for: whatever can be done for this run now. Safe to repeat."""
    found = await queries.hold(session, account_id, run_id)
    await queries.clear_calls(session, account_id, run_id)
    if found is None or found.of_group.is_over:
        return
    if found.run.state is RunState.QUEUED:
        earlier = await queries.open_runs(session, account_id, found.of_group.group_id)
        if earlier[0] != run_id:
            return  # whoever finishes the one before leaves a call
        await queries.mark_begun(session, found.run)
        await tell_of_run(session, account_id, run_id, RunState.RUNNING, kind=RunKind.GROUP, at=now)
    await _go_on(session, found, secret_key=secret_key, now=now)


async def stop(
    session: Session,
    account_id: UUID,
    run_id: UUID,
    *,
    by: str,
    reason: str | None,
    secret_key: str,
    now: datetime,
) -> bool:
    """Stop a run: the job at hand is cancelled, the rest is not run; False if it is over.

    It is over, too, once its last job has ended, although nobody has written so yet: then it
    launches what it launches, and cannot be stopped. Safe to repeat.
    """
    found = await queries.hold(session, account_id, run_id)
    if found is None or found.of_group.is_over:
        return False
    if found.run.state is RunState.RUNNING and not found.is_stopped:
        is_free = await _recorded(session, found)
        if is_free and rules.coming(found.steps, is_stopped=False) is None:
            return False
    await session.flush()
    await cancelling.ask_to_stop(session, account_id, run_id, by=by, reason=reason)
    await session.refresh(found.run)
    step = rules.at_hand(found.steps)
    if step is not None and step.run_id is None:
        step.awaited_run_id = None
    elif step is not None and step.run_id is not None:
        job = await jobs.find_job(session, account_id, step.job_id)
        if job is not None:
            what = What.of(job)
            await jobs_runs.cancel(session, what, [step.run_id], by=by, reason=reason)
    await _go_on(session, found, secret_key=secret_key, now=now)
    return True


async def _go_on(session: Session, found: Progress, *, secret_key: str, now: datetime) -> None:
    while await _recorded(session, found):
        step = rules.coming(found.steps, is_stopped=found.is_stopped)
        if step is None:
            await finishing.finish(session, found, now=now)
            break
        if await _begun(session, found, step, secret_key=secret_key, now=now):
            break
    await session.flush()


async def _recorded(session: Session, found: Progress) -> bool:
    """Record the step at hand, if what it waits for has ended; False if that goes on."""
    step = rules.at_hand(found.steps)
    if step is None or step.awaited_run_id is None:
        return True
    ending = await queries.ending_of(session, step.account_id, step.awaited_run_id)
    if ending is None:
        return False
    if step.run_id == step.awaited_run_id:
        step.state, step.error_code = StepState(ending[0].value), ending[1]
    step.awaited_run_id = None
    return True


async def _begun(
    session: Session, found: Progress, step: GroupStep, *, secret_key: str, now: datetime
) -> bool:
    """Begin a step; False where there is nothing to wait for, and the next one may be looked at."""
    job = await jobs.find_job(session, step.account_id, step.job_id, lock=True)
    step.error_code = _why_not(job, now)
    if job is None or step.error_code is not None:
        step.state = StepState.FAILED
        return False
    step.awaited_run_id = await hold_unfinished(session, step.account_id, step.job_id)
    if step.awaited_run_id is not None:
        return True
    await session.flush()
    started = await starting.start(
        session,
        await get_account(session, step.account_id),
        job,
        trigger=RunTrigger.GROUP,
        planned_at=None,
        requested_by=found.run.requested_by,
        reason=None,
        body=None,
        query={},
        secret_key=secret_key,
        now=now,
        parent_run_id=found.run.id,
    )
    if isinstance(started, Refusal):
        step.state, step.error_code = StepState.FAILED, started.value
        # The day is locked now, and nothing else may be behind it: the rest in another turn.
        await call_group(session, *found.place, cause=found.run.id, at=now)
    else:
        step.state, step.run_id, step.awaited_run_id = StepState.RUNNING, started, started
    return True


def _why_not(job: Job | None, now: datetime) -> str | None:
    """Why there can be no run of this job, in the words of a step."""
    if job is None or job.deleted_at is not None:
        return "job_gone"
    if has_expired(job, now=now):
        return "job_expired"
    return None if job.state is JobState.PUBLISHED else "job_not_published"
