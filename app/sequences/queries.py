"""The SQL of sequences and their actions."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Participation, SequenceAction
from app.models import Sequence as Cadence
from app.models.states import SequenceObject, SequenceState
from app.sequences.errors import SequenceNotFound


async def get_sequence(
    session: Session, account_id: UUID, sequence_id: UUID, *, lock: bool = False
) -> Cadence:
    """The sequence with this id.

    The lock leaves foreign keys alone; whoever puts people in takes it too.

    Raises:
        SequenceNotFound: there is none in this account, or it was deleted.
    """
    statement = select(Cadence).where(
        col(Cadence.account_id) == account_id,
        col(Cadence.id) == sequence_id,
        col(Cadence.deleted_at).is_(None),
    )
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = await session.exec(statement, execution_options={"populate_existing": lock})
    sequence = found.one_or_none()
    if sequence is None:
        raise SequenceNotFound
    return sequence


async def list_sequences(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    name: str | None,
    what: SequenceObject | None,
    state: SequenceState | None,
) -> Sequence[Cadence]:
    """Sequences in the order of their making; deleted ones are none."""
    statement = select(Cadence).where(
        col(Cadence.account_id) == account_id, col(Cadence.deleted_at).is_(None)
    )
    if name is not None:
        statement = statement.where(col(Cadence.name) == name)
    if what is not None:
        statement = statement.where(col(Cadence.object) == what.value)
    if state is not None:
        statement = statement.where(col(Cadence.state) == state.value)
    if at.after is not None:
        statement = statement.where(col(Cadence.id) > at.after)
    return (await session.exec(statement.order_by(col(Cadence.id)).limit(at.fetch_rows))).all()


async def list_active(
    session: Session, account_id: UUID, what: SequenceObject
) -> Sequence[Cadence]:
    """The sequences that the batch of these objects works on, the oldest first."""
    found = await session.exec(
        select(Cadence)
        .where(
            col(Cadence.account_id) == account_id,
            col(Cadence.object) == what.value,
            col(Cadence.state) == SequenceState.ACTIVE.value,
            col(Cadence.deleted_at).is_(None),
        )
        .order_by(col(Cadence.id))
    )
    return found.all()


async def is_any_active(session: Session, account_id: UUID, what: SequenceObject) -> bool:
    """Whether the batch of these objects has anything to work on."""
    return bool(await list_active(session, account_id, what))


async def list_actions(
    session: Session, account_id: UUID, sequences: Sequence[UUID]
) -> Mapping[UUID, list[SequenceAction]]:
    """The actions of each of these, in their order."""
    found = await session.exec(
        select(SequenceAction)
        .where(
            col(SequenceAction.account_id) == account_id,
            col(SequenceAction.sequence_id).in_(sequences),
            col(SequenceAction.removed_at).is_(None),
        )
        .order_by(col(SequenceAction.sequence_id), col(SequenceAction.position))
    )
    actions: dict[UUID, list[SequenceAction]] = {sequence_id: [] for sequence_id in sequences}
    for action in found.all():
        actions[action.sequence_id].append(action)
    return actions


async def count_participants(
    session: Session, account_id: UUID, sequences: Sequence[UUID]
) -> Mapping[UUID, int]:
    """How many are in each of these now."""
    found = await session.exec(
        select(Participation.sequence_id, func.count())
        .where(
            col(Participation.account_id) == account_id,
            col(Participation.sequence_id).in_(sequences),
            col(Participation.ended_at).is_(None),
        )
        .group_by(col(Participation.sequence_id))
    )
    return dict.fromkeys(sequences, 0) | dict(found.all())
