"""A participant's way as it is answered with."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.db import Session
from app.models import ParticipantAction, Participation, SequenceAction
from app.models.states import ActionStatus
from app.sequences import queries as sequences
from app.sequences.participants import queries


async def read(session: Session, participant: Participation) -> dict[str, Any]:
    """Somebody in a sequence, with every step."""
    account_id, sequence_id = participant.account_id, participant.sequence_id
    steps = await queries.list_steps(session, account_id, participant.id)
    actions = (await sequences.list_actions(session, account_id, [sequence_id]))[sequence_id]
    return {**participant.model_dump(), "actions": shown(steps, actions)}


def shown(
    steps: Sequence[ParticipantAction], actions: Sequence[SequenceAction]
) -> list[dict[str, Any]]:
    """The steps, those behind the next one due as far as is known.

    Only the next one's moment is kept up to date: those behind follow it by their delays.
    """
    delays: dict[UUID, timedelta] = {action.id: action.delay for action in actions}
    answers, due_at, is_behind = [], None, False
    for step in steps:
        is_open = step.status is ActionStatus.UPCOMING
        if is_open and is_behind and due_at is not None:
            due_at = due_at + delays.get(step.action_id, timedelta())
        else:
            due_at = step.due_at
        is_behind = is_behind or step.status in _NOT_OVER
        answers.append({**step.model_dump(), "automatic": step.is_automatic, "due_at": due_at})
    return answers


_NOT_OVER = (
    ActionStatus.UPCOMING,
    ActionStatus.SENDING_SOON,
    ActionStatus.ON_ENGAGE,
)
