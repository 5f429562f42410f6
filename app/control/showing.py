"""A run as it is answered with."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Response

from app.core.db import Session
from app.core.driver import Row
from app.core.errors import AppError
from app.core.problems import render
from app.groups.running import queries as groups
from app.models import GroupStep, Run
from app.models.states import RunKind, RunState
from app.runs.queries import get_run
from app.runs.schemas import RunError, RunRead, RunStep
from app.sequences.planning import batch_named

# How a run is kept going; of no use to anybody else, and its body may be large.
_HIDDEN = ("at_work", "held", "held_since", "retries_used", "body", "query", "version", "at")
_OF_CAMPAIGNS = (RunKind.SCORING, RunKind.LAUNCH)


def shown(
    run: Run, steps: Sequence[GroupStep] | None = None, held_up: Row | None = None
) -> RunRead:
    """The wire shape of a run; of a group's, with its steps where they are given."""
    failed = run.error_code is not None
    details = {name: told for name, told in run.details.items() if name not in _HIDDEN}
    progress = details.pop("progress", None)
    return RunRead.model_validate(
        {
            **run.model_dump(),
            "details": details,
            "progress": progress if run.state is RunState.RUNNING else None,
            "campaign_id": run.subject_id if run.kind in _OF_CAMPAIGNS else None,
            "upload_id": run.subject_id if run.kind is RunKind.IMPORT else None,
            "group_id": run.subject_id if run.kind is RunKind.GROUP else None,
            "batch": batch_named(run.subject_id) if run.kind is RunKind.BATCH else None,
            "steps": None if steps is None else [_step(step) for step in steps],
            "held_up": None if held_up is None else dict(held_up),
            "error": RunError(code=run.error_code or "", detail=run.error_detail or "")
            if failed
            else None,
        }
    )


async def read(session: Session, account_id: UUID, run_id: UUID) -> RunRead:
    """A run as it stands now, whatever it is of; raises RunNotFound."""
    run = await get_run(session, account_id, run_id)
    await session.refresh(run)
    if run.kind is not RunKind.GROUP:
        return shown(run)
    place = (session, account_id, run_id)
    return shown(run, await groups.steps_of(*place), await groups.find_held_up(*place))


def begun(response: Response, run_id: UUID) -> None:
    """Say where the run is that was asked for, and when to look."""
    response.headers["Location"] = f"/v1/runs/{run_id}"
    response.headers["Retry-After"] = "1"


def busy(error: AppError, running: UUID) -> Response:
    """The answer where a run is at work already: that one is at Location."""
    answer = render(error)
    answer.headers["Location"] = f"/v1/runs/{running}"
    return answer


def _step(step: GroupStep) -> RunStep:
    is_other = step.awaited_run_id != step.run_id
    return RunStep.model_validate(
        {**step.model_dump(), "is_waiting_for": step.awaited_run_id if is_other else None}
    )
