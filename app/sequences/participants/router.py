"""Who is in a sequence."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Operator, Reader
from app.accounts.transaction import Now, Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.criteria.errors import InvalidCriteria
from app.models.states import ParticipationState
from app.sequences import queries as sequences
from app.sequences.errors import InvalidSequence, SequenceNotFound
from app.sequences.participants import queries, reading, service
from app.sequences.participants.errors import (
    ParticipantGone,
    ParticipantNotFound,
    SequenceNotOpen,
)
from app.sequences.participants.schemas import (
    EnrolAnswer,
    ParticipantDetail,
    ParticipantRead,
    ParticipantsWrite,
)

router = APIRouter(tags=["sequences"], route_class=Route)


@router.post(
    "/sequences/{sequence_id}/participants",
    response_model=EnrolAnswer,
    responses=problems(SequenceNotFound, SequenceNotOpen, InvalidCriteria, InvalidSequence),
)
async def put_in(
    sequence_id: UUID, wanted: ParticipantsWrite, caller: Operator, tx: Tx, now: Now
) -> EnrolAnswer:
    """Put people into a sequence, some by name or everybody who meets criteria. Safe to repeat.

    Each has its own result; one that cannot come in never keeps the others out.
    """
    return await service.put_in(tx, caller.account_id, sequence_id, wanted, by=caller.user, now=now)


@router.get(
    "/sequences/{sequence_id}/participants",
    response_model=Page[ParticipantRead],
    responses=problems(SequenceNotFound, BadCursor),
)
async def list_participants(
    sequence_id: UUID,
    caller: Reader,
    tx: Tx,
    state: Annotated[ParticipationState | None, Query(description="Where they stand.")] = None,
    person: Annotated[UUID | None, Query(description="Only this person's.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Who is or was in a sequence, in the order of coming in."""
    await sequences.get_sequence(tx, caller.account_id, sequence_id)
    at = position(caller.account_id, "participants", cursor, limit, sequence_id, state, person)
    found = await queries.list_participants(
        tx, caller.account_id, sequence_id, at, state=state, person=person
    )
    rows, following = at.page(found, lambda participant: participant.id)
    return {"items": rows, "next_cursor": following}


@router.get(
    "/sequences/{sequence_id}/participants/{participant_id}",
    response_model=ParticipantDetail,
    responses=problems(ParticipantNotFound),
)
async def read_participant(
    sequence_id: UUID, participant_id: UUID, caller: Reader, tx: Tx
) -> dict[str, Any]:
    """Somebody in a sequence, and every step of the way."""
    found = await queries.get_participant(tx, caller.account_id, sequence_id, participant_id)
    return await reading.read(tx, found)


@router.delete(
    "/sequences/{sequence_id}/participants/{participant_id}",
    status_code=204,
    responses=problems(ParticipantNotFound, ParticipantGone),
)
async def take_out(
    sequence_id: UUID, participant_id: UUID, caller: Operator, tx: Tx, now: Now
) -> None:
    """Take somebody out of a sequence; what is left undone never happens."""
    await service.take_out(tx, caller.account_id, sequence_id, participant_id, now=now)
