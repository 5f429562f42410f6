"""The one message of a group's run, after its last job: what became of each."""

from datetime import datetime

from app.core.db import Session
from app.groups.running.queries import Progress
from app.groups.schemas import NotifyOn
from app.models import GroupStep
from app.models.states import RunState
from app.notifications import mailing
from app.notifications.mailing import Letter

_WELL = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


async def post(
    session: Session, found: Progress, state: RunState, *, launched: int, now: datetime
) -> None:
    """Tell the group's recipients, if they want to hear of such an end."""
    terms = found.of_group.terms
    kind = NotifyOn.SUCCESS if state in _WELL else NotifyOn.FAILURE
    if kind.value not in terms["notify_on"] or not terms["recipients"]:
        return
    letter = Letter(
        to=terms["recipients"],
        subject=f"{terms['name']}: {_said(state.value)}",
        text=text_of(found, state, launched=launched),
        cause="group",
        cause_id=found.run.id,
    )
    await mailing.post(session, found.run.account_id, [letter], at=now)


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
