"""The SQL of sequences and their actions."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.core.pages import Position
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import SequenceObject, SequenceState
from app.responses.intake.reading import uuid_in
from app.sequences.errors import SequenceNotFound

_PARTICIPANTS = """
SELECT sequence_id, count(*) AS n FROM participations
 WHERE account_id = $1 AND sequence_id = ANY ($2::uuid[]) AND ended_at IS NULL GROUP BY 1
"""
# An id goes before a name.
_IDS = """
SELECT DISTINCT ON (w.ref) w.ref, s.id
  FROM unnest($2::text[], $3::uuid[]) AS w(ref, id)
  JOIN sequences s ON s.account_id = $1 AND s.deleted_at IS NULL
   AND (s.id = w.id OR s.name = w.ref)
 ORDER BY w.ref, s.id = w.id DESC NULLS LAST
"""
_TAKE = """
SELECT * FROM sequences WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
   FOR NO KEY UPDATE
"""
_ACTIONS = """
SELECT * FROM sequence_actions
 WHERE account_id = $1 AND sequence_id = $2 AND removed_at IS NULL ORDER BY position
"""


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
    session: Transaction, account_id: UUID, sequences: Sequence[UUID]
) -> Mapping[UUID, int]:
    """How many are in each of these now."""
    driver = await driver_of(session)
    rows = await driver.fetch(_PARTICIPANTS, account_id, list(sequences))
    return dict.fromkeys(sequences, 0) | {row["sequence_id"]: row["n"] for row in rows}


async def find_ids(
    session: Transaction, account_id: UUID, refs: Sequence[str]
) -> Mapping[str, UUID]:
    """The sequences that go by these ids or names."""
    driver = await driver_of(session)
    ids = [uuid_in(ref) for ref in refs]
    rows = await driver.fetch(_IDS, account_id, list(refs), ids)
    return {row["ref"]: row["id"] for row in rows}


async def take(
    session: Transaction, account_id: UUID, sequence_id: UUID
) -> tuple[Cadence, list[SequenceAction]]:
    """The sequence with this id, locked, and its actions in their order; for hot paths.

    Raises:
        SequenceNotFound: there is none in this account, or it was deleted.
    """
    driver = await driver_of(session)
    row = await driver.fetchrow(_TAKE, account_id, sequence_id)
    if row is None:
        raise SequenceNotFound
    rows = await driver.fetch(_ACTIONS, account_id, sequence_id)
    actions = [SequenceAction.model_validate(dict(one)) for one in rows]
    return Cadence.model_validate(dict(row)), actions
