"""What follows as a step of a group's run ends, and what the run comes to. Pure.

succeeded, with warnings or without ──▶ the next one
failed · cancelled                  ──▶ on_failure continue: the next one
                                        on_failure halt: those that run `always`, the rest not_run
asked to stop                       ──▶ the rest not_run, `always` or not
"""

from collections.abc import Sequence

from app.models import GroupStep
from app.models.group_states import OnFailure, StepState
from app.models.states import RunState

_BADLY = (StepState.FAILED, StepState.CANCELLED)


def at_hand(steps: Sequence[GroupStep]) -> GroupStep | None:
    """The step that waits for a run to end: its own, or one of its job that goes before it."""
    return next((step for step in steps if step.awaited_run_id is not None), None)


def coming(steps: Sequence[GroupStep], *, is_stopped: bool) -> GroupStep | None:
    """The step to begin now that nothing is at hand; None: the run is over."""
    if is_stopped:
        return None
    is_halted = any(step.state in _BADLY and step.on_failure is OnFailure.HALT for step in steps)
    waiting = (step for step in steps if step.state is StepState.WAITING)
    return next((step for step in waiting if step.always or not is_halted), None)


def first_bad(steps: Sequence[GroupStep]) -> GroupStep | None:
    """The step that the run failed by."""
    return next((step for step in steps if step.state in _BADLY), None)


def outcome(steps: Sequence[GroupStep], *, is_stopped: bool) -> RunState:
    """How a run ends whose steps are all over: well only if every step did."""
    if is_stopped:
        return RunState.CANCELLED
    if not all(step.state.has_succeeded for step in steps):
        return RunState.FAILED
    if any(step.state is StepState.SUCCEEDED_WITH_WARNINGS for step in steps):
        return RunState.SUCCEEDED_WITH_WARNINGS
    return RunState.SUCCEEDED


def counts(steps: Sequence[GroupStep]) -> tuple[int, int, int, int]:
    """(total, succeeded, failed, unprocessed): of its jobs; those not run are unprocessed."""
    succeeded = sum(step.state.has_succeeded for step in steps)
    failed = sum(step.state in _BADLY for step in steps)
    return len(steps), succeeded, failed, len(steps) - succeeded - failed
