"""The definitions of sequences: made, changed, activated, taken away."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core import etags
from app.core.db import Session
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.criteria.errors import InvalidCriteria
from app.models import Sequence
from app.models.states import SequenceObject, SequenceState
from app.sequences import queries, reading, service
from app.sequences.errors import (
    InvalidSequence,
    SequenceHasParticipants,
    SequenceNameTaken,
    SequenceNotActivatable,
    SequenceNotFound,
    WrongSequenceState,
)
from app.sequences.schemas import SequenceCreate, SequencePatch, SequenceRead

router = APIRouter(tags=["sequences"], route_class=Route)

NameFilter = Annotated[
    Plain | None, Query(max_length=200, description="Only the sequence with this name.")
]


@router.post(
    "/sequences",
    status_code=201,
    response_model=SequenceRead,
    responses=problems(InvalidCriteria, InvalidSequence, SequenceNameTaken),
)
async def create_sequence(
    wanted: SequenceCreate, caller: Manager, tx: Tx, now: Now, response: Response
) -> dict[str, Any]:
    """Make a sequence. It is a draft, and nothing happens in it until it is active."""
    sequence = await service.create(tx, caller.account_id, wanted, now=now)
    response.headers["Location"] = f"/v1/sequences/{sequence.id}"
    return await _shown(tx, sequence, response)


@router.get("/sequences", response_model=Page[SequenceRead], responses=problems(BadCursor))
async def list_sequences(
    caller: Reader,
    tx: Tx,
    name: NameFilter = None,
    object: Annotated[SequenceObject | None, Query(description="Who takes part.")] = None,  # noqa: A002  (the parameter's name on the wire)
    state: Annotated[SequenceState | None, Query(description="Where it stands.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The sequences of the account, oldest first."""
    at = position(caller.account_id, "sequences", cursor, limit, name, object, state)
    found = await queries.list_sequences(
        tx, caller.account_id, at, name=name, what=object, state=state
    )
    rows, following = at.page(found, lambda sequence: sequence.id)
    return {"items": await reading.read(tx, caller.account_id, rows), "next_cursor": following}


@router.get(
    "/sequences/{sequence_id}",
    response_model=SequenceRead,
    responses=problems(SequenceNotFound),
)
async def read_sequence(
    sequence_id: UUID, caller: Reader, tx: Tx, response: Response
) -> dict[str, Any]:
    """One sequence, with its actions and how many are in it."""
    sequence = await queries.get_sequence(tx, caller.account_id, sequence_id)
    return await _shown(tx, sequence, response)


@router.patch(
    "/sequences/{sequence_id}",
    response_model=SequenceRead,
    responses=problems(
        *(SequenceNotFound, ChangedMeanwhile, InvalidCriteria, InvalidSequence),
        *(SequenceHasParticipants, SequenceNotActivatable, SequenceNameTaken),
    ),
)
async def change_sequence(
    sequence_id: UUID,
    patch: SequencePatch,
    caller: Manager,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Change the given fields; an active sequence goes by them at once. Safe to repeat."""
    sequence = await service.change(
        tx, caller.account_id, sequence_id, patch, if_match=if_match, now=now
    )
    return await _shown(tx, sequence, response)


@router.delete(
    "/sequences/{sequence_id}",
    status_code=204,
    responses=problems(SequenceNotFound, ChangedMeanwhile),
)
async def delete_sequence(
    sequence_id: UUID, caller: Manager, tx: Tx, now: Now, if_match: IfMatch = None
) -> None:
    """Take a sequence away; whoever is in it leaves."""
    await service.delete(tx, caller.account_id, sequence_id, if_match=if_match, now=now)


@router.post(
    "/sequences/{sequence_id}/activate",
    response_model=SequenceRead,
    responses=problems(SequenceNotFound, SequenceNotActivatable),
)
async def activate_sequence(
    sequence_id: UUID, caller: Manager, tx: Tx, now: Now, response: Response
) -> dict[str, Any]:
    """Let the batch of its object work on a sequence. Safe to repeat."""
    sequence = await service.activate(tx, caller.account_id, sequence_id, now=now)
    return await _shown(tx, sequence, response)


@router.post(
    "/sequences/{sequence_id}/deactivate",
    response_model=SequenceRead,
    responses=problems(SequenceNotFound, WrongSequenceState),
)
async def deactivate_sequence(
    sequence_id: UUID, caller: Manager, tx: Tx, now: Now, response: Response
) -> dict[str, Any]:
    """Let no batch work on a sequence; whoever is in it stays, and waits. Safe to repeat."""
    sequence = await service.deactivate(tx, caller.account_id, sequence_id, now=now)
    return await _shown(tx, sequence, response)


async def _shown(session: Session, sequence: Sequence, response: Response) -> dict[str, Any]:
    etags.show(response, sequence.version)
    return (await reading.read(session, sequence.account_id, [sequence]))[0]
