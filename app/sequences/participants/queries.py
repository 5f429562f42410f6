"""The SQL of participants."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import Row, Transaction, driver_of
from app.core.pages import Position
from app.models import ParticipantAction, Participation
from app.models.states import ParticipationState, SequenceObject
from app.people.rules import fold_email
from app.sequences.objects import SOURCES
from app.sequences.participants.errors import ParticipantNotFound
from app.sequences.participants.schemas import ParticipantWrite

# Each wish with the person it names, of whatever way of naming comes first.
_WISHES = """
SELECT w.place, w.object_id, coalesce(i.id, x.id, e.id) AS person_id
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[])
       WITH ORDINALITY AS w(id, external_id, email, object_id, place)
  LEFT JOIN people i ON i.account_id = $1 AND i.id = w.id
  LEFT JOIN people x ON x.account_id = $1 AND x.external_id = w.external_id AND w.id IS NULL
  LEFT JOIN people e ON e.account_id = $1 AND e.email_folded = w.email AND w.id IS NULL
   AND w.external_id IS NULL
 ORDER BY w.place
"""
_OBJECTS = """
SELECT {object_id} AS object_id, p.id AS person_id, {is_fit} AS is_fit, p.opted_out
  FROM {table}
 WHERE p.account_id = $1 AND {object_id} = ANY ($2::uuid[])
"""
_THERE = """
SELECT DISTINCT ON (n.object_id, n.person_id) n.object_id, n.person_id, n.id,
       n.ended_at IS NULL AS is_live
  FROM participations n
 WHERE n.account_id = $1 AND n.sequence_id = $2 AND n.object_id = ANY ($3::uuid[])
 ORDER BY n.object_id, n.person_id, n.ended_at IS NULL DESC, n.id DESC
"""


async def get_participant(
    session: Session, account_id: UUID, sequence_id: UUID, participant_id: UUID
) -> Participation:
    """Raises ParticipantNotFound."""
    statement = select(Participation).where(
        col(Participation.account_id) == account_id,
        col(Participation.sequence_id) == sequence_id,
        col(Participation.id) == participant_id,
    )
    found = await session.exec(statement)
    participant = found.one_or_none()
    if participant is None:
        raise ParticipantNotFound
    return participant


async def list_participants(
    session: Session,
    account_id: UUID,
    sequence_id: UUID,
    at: Position,
    *,
    state: ParticipationState | None,
    person: UUID | None,
) -> Sequence[Participation]:
    """Who is or was in a sequence, in the order of coming in."""
    statement = select(Participation).where(
        col(Participation.account_id) == account_id,
        col(Participation.sequence_id) == sequence_id,
    )
    if state is not None:
        statement = statement.where(col(Participation.state) == state.value)
    if person is not None:
        statement = statement.where(col(Participation.person_id) == person)
    if at.after is not None:
        statement = statement.where(col(Participation.id) > at.after)
    found = await session.exec(statement.order_by(col(Participation.id)).limit(at.fetch_rows))
    return found.all()


async def list_steps(
    session: Session, account_id: UUID, participant_id: UUID
) -> Sequence[ParticipantAction]:
    """Every step of a participant's way, in order."""
    found = await session.exec(
        select(ParticipantAction)
        .where(
            col(ParticipantAction.account_id) == account_id,
            col(ParticipantAction.participation_id) == participant_id,
        )
        .order_by(col(ParticipantAction.position)),
        execution_options={"populate_existing": True},
    )
    return found.all()


async def list_wishes(
    session: Transaction, account_id: UUID, wishes: Sequence[ParticipantWrite]
) -> Sequence[Row]:
    """Of each wish, in order: (object_id, person_id), null where there is no such person."""
    driver = await driver_of(session)
    rows: Sequence[Row] = await driver.fetch(
        _WISHES,
        account_id,
        [wish.person for wish in wishes],
        [wish.external_id for wish in wishes],
        [None if wish.email is None else fold_email(wish.email) for wish in wishes],
        [wish.response or wish.opportunity for wish in wishes],
    )
    return rows


async def find_objects(
    session: Transaction, account_id: UUID, what: SequenceObject, objects: Sequence[UUID]
) -> Mapping[tuple[UUID, UUID], Row]:
    """Of these objects those that there are, by (object, person), fit to take part or not."""
    source = SOURCES[what]
    sql = _OBJECTS.format(
        object_id=source.object_id, table=source.table, is_fit=f"({source.is_fit}) IS TRUE"
    )
    rows = await (await driver_of(session)).fetch(sql, account_id, list(objects))
    return {(row["object_id"], row["person_id"]): row for row in rows}


async def find_there(
    session: Transaction, account_id: UUID, sequence_id: UUID, objects: Sequence[UUID]
) -> Mapping[tuple[UUID, UUID], Row]:
    """Of these objects those that are or were in the sequence, by (object, person)."""
    driver = await driver_of(session)
    rows = await driver.fetch(_THERE, account_id, sequence_id, list(objects))
    return {(row["object_id"], row["person_id"]): row for row in rows}
