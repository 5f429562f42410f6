"""Sequences as they are answered with."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.db import Session
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.sequences import queries, rules


async def read(
    session: Session, account_id: UUID, sequences: Sequence[Cadence]
) -> list[dict[str, Any]]:
    """The wire shapes of these, with their actions and how many are in them."""
    ids = [sequence.id for sequence in sequences]
    actions = await queries.list_actions(session, account_id, ids)
    counts = await queries.count_participants(session, account_id, ids)
    return [
        {
            **sequence.model_dump(),
            "actions": [shown(action) for action in actions[sequence.id]],
            "participants": counts[sequence.id],
        }
        for sequence in sequences
    ]


def shown(action: SequenceAction) -> dict[str, Any]:
    """The wire shape of an action."""
    has_template = action.body is not None
    return {
        **action.model_dump(),
        "automatic": action.is_automatic,
        "template": {"subject": action.subject, "body": action.body} if has_template else None,
        "warnings": rules.warnings_of(action),
    }
