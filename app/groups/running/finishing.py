"""The end of a group's run: what it launches, whom it tells, who comes next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.campaigns import launching
from app.core.db import Session
from app.groups.running import messages, queries, rules
from app.groups.running.queries import Progress
from app.models.group_states import LaunchCause, StepState
from app.models.states import OwnerKind, RunState
from app.notifications.outbox import EventType, Happening, emit
from app.runs import queue
from app.runs.calls import call_group
from app.runs.watching import note_end

STEP_FAILED = "step_failed"
_WELL = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


async def finish(session: Session, found: Progress, *, now: datetime) -> None:
    """End the run: every step of it is over, or will not be run."""
    for step in found.steps:
        if step.state is StepState.WAITING:
            step.state = StepState.NOT_RUN
    state = rules.outcome(found.steps, is_stopped=found.is_stopped)
    launched, left = await _launch(session, found, now=now) if state in _WELL else ([], [])
    told = {"launched": _texts(launched), "left_to_schedule": _texts(left)}
    await queries.describe(session, found.run, rules.counts(found.steps), told)
    error = _error_of(found) if state is RunState.FAILED else None
    await queue.end_run(session, *found.place, state, error=error)
    found.of_group.is_over = True
    await session.flush()
    await _call_next(session, found, now=now)
    code = None if error is None else error[0]
    data = _said(found, state, code) | told
    account_id = found.run.account_id
    await emit(session, [Happening(account_id, EventType.GROUP_FINISHED, data)], at=now)
    before = await note_end(
        *(session, account_id, OwnerKind.GROUP, found.of_group.group_id, state),
        run_id=found.run.id,
        at=now,
    )
    was_amiss = before.down_since is not None or before.failing_since is not None
    await messages.post(session, found, state, launched=len(launched), was_amiss=was_amiss, now=now)


async def _launch(
    session: Session, found: Progress, *, now: datetime
) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Launch what the group launches, once for a chain; those with a schedule are left to it."""
    wanted = [UUID(one) for one in found.of_group.terms["launch_campaigns"]]
    return await launching.launch_all(
        session,
        found.run.account_id,
        wanted,
        cause=LaunchCause.GROUP,
        cause_id=found.of_group.chain_id,
        run_id=found.run.id,
        now=now,
    )


async def _call_next(session: Session, found: Progress, *, now: datetime) -> None:
    """Have the run looked after that has waited for this one to end."""
    account_id, run_id = found.place
    waiting = await queries.open_runs(session, account_id, found.of_group.group_id)
    if waiting:
        await call_group(session, account_id, waiting[0], cause=run_id, at=now)


def _error_of(found: Progress) -> tuple[str, str]:
    step = rules.first_bad(found.steps)
    if step is None:
        raise RuntimeError("a run of a group that failed by none of its jobs")
    why = f" ({step.error_code})" if step.error_code else ""
    return STEP_FAILED, f"The job {step.job_name} ended as {step.state}{why}."


def _said(found: Progress, state: RunState, error_code: str | None) -> dict[str, Any]:
    return {
        "group_id": str(found.of_group.group_id),
        "run_id": str(found.run.id),
        "state": state.value,
        "error_code": error_code,
        "steps": [
            {
                "job_id": str(step.job_id),
                "run_id": None if step.run_id is None else str(step.run_id),
                "state": step.state.value,
                "error_code": step.error_code,
            }
            for step in found.steps
        ],
    }


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(one) for one in ids]
