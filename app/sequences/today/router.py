"""What a rep has to do, and what becomes of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Operator, Reader
from app.accounts.transaction import Now, Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.models import ParticipantAction
from app.sequences.today import queries, service
from app.sequences.today.errors import (
    ActionIsAutomatic,
    ActionNotFound,
    ActionNotNext,
    ActionOver,
    InvalidMoment,
)
from app.sequences.today.schemas import (
    ActionDetail,
    ActionItem,
    DoneOrder,
    LaterOrder,
    PassOrder,
)

router = APIRouter(tags=["sequences"], route_class=Route)

_ENDS = (ActionNotFound, ActionOver, ActionNotNext)


@router.get("/today", response_model=Page[ActionItem], responses=problems(BadCursor))
async def read_today(
    caller: Reader,
    tx: Tx,
    owner: Annotated[
        Plain | None, Query(max_length=200, description="Whose; left out, everybody's.")
    ] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """What is to be done by hand, the highest priority first, then what has been due longest."""
    at = position(caller.account_id, "today", cursor, limit, owner)
    found = await queries.list_today(tx, caller.account_id, at, owner=owner)
    rows, following = at.page(found, lambda action: action.id)
    return {"items": [_shown(action) for action in rows], "next_cursor": following}


@router.get(
    "/participant-actions/{action_id}",
    response_model=ActionDetail,
    responses=problems(ActionNotFound),
)
async def read_action(action_id: UUID, caller: Reader, tx: Tx, now: Now) -> dict[str, Any]:
    """One action, and why it stands where it stands: which test fails, what is missing."""
    action = await queries.get_action(tx, caller.account_id, action_id)
    return {**_shown(action), "explanation": await service.explain(tx, action, now=now)}


@router.post(
    "/participant-actions/{action_id}/complete",
    response_model=ActionItem,
    responses=problems(*_ENDS, ActionIsAutomatic),
)
async def complete_action(
    action_id: UUID, caller: Operator, tx: Tx, now: Now, order: DoneOrder | None = None
) -> dict[str, Any]:
    """Write that an action was done; the ones behind it follow from now."""
    note = None if order is None else order.note
    place = (tx, caller.account_id, action_id)
    return _shown(await service.complete(*place, note=note, by=caller.user, now=now))


@router.post(
    "/participant-actions/{action_id}/skip",
    response_model=ActionItem,
    responses=problems(*_ENDS),
)
async def skip_action(
    action_id: UUID, caller: Operator, tx: Tx, now: Now, order: PassOrder | None = None
) -> dict[str, Any]:
    """Write that an action is not to be done; the ones behind it follow from now."""
    note = None if order is None else order.reason
    place = (tx, caller.account_id, action_id)
    return _shown(await service.skip(*place, note=note, by=caller.user, now=now))


@router.post(
    "/participant-actions/{action_id}/reschedule",
    response_model=ActionItem,
    responses=problems(*_ENDS, InvalidMoment),
)
async def reschedule_action(
    action_id: UUID, order: LaterOrder, caller: Operator, tx: Tx, now: Now
) -> dict[str, Any]:
    """Have an action due at another moment; until then it is not on Today."""
    place = (tx, caller.account_id, action_id)
    return _shown(await service.reschedule(*place, due_at=order.due_at, by=caller.user, now=now))


def _shown(action: ParticipantAction) -> dict[str, Any]:
    return {
        **action.model_dump(),
        "participant_id": action.participation_id,
        "automatic": action.is_automatic,
    }
