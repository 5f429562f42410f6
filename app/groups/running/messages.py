"""The one message of a group's run, after its last job: what became of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.db import Session
from app.groups.running.queries import Progress
from app.models import GroupStep
from app.models.states import RunState
from app.notifications import mailing
from app.notifications.alerts.queries import read_policy
from app.notifications.alerts.rules import AlertOn, target_of
from app.notifications.mailing import Letter

_WELL = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


async def post(
    session: Session,
    found: Progress,
    state: RunState,
    *,
    launched: int,
    was_amiss: bool,
    now: datetime,
) -> None:
    """Tell the group's recipients, or those of the account, if they want to hear of such an end.

    Args:
        was_amiss: the run before had failed, or a success was overdue.
    """
    terms = found.of_group.terms
    policy = await read_policy(session, found.run.account_id)
    target = target_of(own_alert(terms["recipients"], terms["notify_on"]), policy)
    kinds = {AlertOn.FAILURE}
    if state in _WELL:
        kinds = {AlertOn.SUCCESS, AlertOn.RECOVERY} if was_amiss else {AlertOn.SUCCESS}
    if not kinds & set(target.on):
        return
    letter = Letter(
        to=target.emails,
        subject=f"[Penstock] {terms['name']}: {_said(state.value)}",
        text=text_of(found, state, launched=launched),
        cause="group",
        cause_id=found.run.id,
    )
    await mailing.post(session, found.run.account_id, [letter], at=now)


def own_alert(recipients: Sequence[str], notify_on: Sequence[str]) -> dict[str, Any] | None:
    """What a group has of its own to tell people by; None: the account's policy."""
    return {"emails": recipients, "on": notify_on} if recipients else None


def text_of(found: Progress, state: RunState, *, launched: int) -> str:
    """A line for each job, in their order."""
    lines = [f"The group {found.of_group.terms['name']} has ended: {_said(state.value)}.", ""]
    lines += [f"{number}. {_line(step)}" for number, step in enumerate(found.steps, 1)]
    if launched:
        lines += ["", f"Campaigns launched: {launched}."]
    if found.run.cancelled_by is not None:
        lines += ["", f"Stopped by {found.run.cancelled_by}."]
    return "\n".join([*lines, "", f"Run {found.run.id}", ""])


def _line(step: GroupStep) -> str:
    why = f" ({step.error_code})" if step.error_code else ""
    return f"{step.job_name}: {_said(step.state.value)}{why}"


def _said(word: str) -> str:
    return word.replace("_", " ")
