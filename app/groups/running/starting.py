"""Starting runs of groups, whoever wants them: by call, by force, by schedule, by resuming one.

The caller has locked the group, and looked whether it may run at all.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.core.ids import uuid7
from app.groups import queries as groups
from app.groups.errors import AlreadyResumed, RunNotResumable
from app.groups.running import queries
from app.groups.running.queries import Progress
from app.models import Group, GroupRun, GroupStep, Run
from app.models.states import RunKind, RunState, RunTrigger
from app.runs.calls import call_group

_RESUMABLE = (RunState.FAILED, RunState.CANCELLED)


async def start(
    session: Session,
    group: Group,
    *,
    trigger: RunTrigger,
    requested_by: str | None,
    reason: str | None,
    now: datetime,
    planned_at: datetime | None = None,
    schedule_minute: int | None = None,
) -> UUID:
    """Queue a run of the group, as the group is now; returns its id."""
    run = _run_of(
        group, trigger, requested_by, reason, now, planned_at=planned_at, minute=schedule_minute
    )
    members = await groups.members_of(session, group.account_id, [group.id])
    steps = [
        GroupStep(
            account_id=group.account_id,
            group_run_id=run.id,
            position=member.position,
            job_id=job.id,
            job_name=job.name,
            on_failure=member.on_failure,
            always=member.always,
        )
        for member, job in members
    ]
    terms = {
        "name": group.name,
        "launch_campaigns": [str(one) for one in group.launch_campaigns],
        "notify_on": [str(one) for one in group.notify_on],
        "recipients": list(group.recipients),
    }
    of_group = GroupRun(
        account_id=group.account_id,
        run_id=run.id,
        group_id=group.id,
        chain_id=run.id,
        terms=terms,
    )
    return await _queue(session, run, of_group, steps, now=now)


async def resumable(session: Session, run: Run) -> Progress:
    """How the run stands that is to be resumed.

    Raises:
        RunNotResumable: it has not ended badly.
        AlreadyResumed: another run goes on with it.
    """
    before = await queries.hold(session, run.account_id, run.id)
    if before is None or before.run.state not in _RESUMABLE:
        raise RunNotResumable
    child_id = await queries.find_resume(session, run.account_id, run.id)
    if child_id is not None:
        raise AlreadyResumed(run_id=child_id)
    return before


async def resume(
    session: Session,
    group: Group,
    before: Progress,
    *,
    requested_by: str,
    reason: str | None,
    now: datetime,
) -> UUID:
    """Queue a run that goes on where this one failed, as the group was then.

    What succeeded is not repeated, be it behind the failure.
    """
    run = before.run
    child = _run_of(group, RunTrigger.RESUME, requested_by, reason, now, parent=run.id)
    steps = [
        GroupStep(
            account_id=step.account_id,
            group_run_id=child.id,
            position=step.position,
            job_id=step.job_id,
            job_name=step.job_name,
            on_failure=step.on_failure,
            always=step.always,
        )
        for step in before.steps
        if not step.state.has_succeeded
    ]
    of_group = GroupRun(
        account_id=group.account_id,
        run_id=child.id,
        group_id=group.id,
        chain_id=before.of_group.chain_id,
        resumes_id=run.id,
        terms=before.of_group.terms,
    )
    return await _queue(session, child, of_group, steps, now=now)


def _run_of(
    group: Group,
    trigger: RunTrigger,
    requested_by: str | None,
    reason: str | None,
    now: datetime,
    *,
    planned_at: datetime | None = None,
    minute: int | None = None,
    parent: UUID | None = None,
) -> Run:
    return Run(
        account_id=group.account_id,
        id=uuid7(),
        kind=RunKind.GROUP,
        state=RunState.QUEUED,
        trigger=trigger,
        subject_id=group.id,
        requested_by=requested_by,
        reason=reason,
        planned_at=planned_at,
        schedule_minute=minute,
        parent_run_id=parent,
        queued_at=now,
        details={"source": trigger.value},
    )


async def _queue(
    session: Session, run: Run, of_group: GroupRun, steps: Sequence[GroupStep], *, now: datetime
) -> UUID:
    session.add_all([run, of_group, *steps])
    await session.flush()
    await call_group(session, run.account_id, run.id, cause=run.id, at=now)
    return run.id
