"""The SQL of actions: on Today, and one by one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select, tuple_
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Session
from app.core.driver import driver_of
from app.core.pages import Position
from app.criteria.oracle import Facts
from app.models import (
    Campaign,
    Opportunity,
    OpportunityContact,
    ParticipantAction,
    Participation,
    PendingAction,
    Person,
    Response,
    SequenceAction,
)
from app.models import Sequence as Cadence
from app.models.states import SequenceObject
from app.sequences.today.errors import ActionNotFound

_PUT = """
INSERT INTO pending_actions (account_id, action_id, sequence_id, due_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, action_id) DO UPDATE SET due_at = excluded.due_at
"""


async def get_action(
    session: Session, account_id: UUID, action_id: UUID, *, lock: bool = False
) -> ParticipantAction:
    """Raises ActionNotFound."""
    statement = select(ParticipantAction).where(
        col(ParticipantAction.account_id) == account_id, col(ParticipantAction.id) == action_id
    )
    if lock:
        statement = statement.with_for_update()
    found = await session.exec(statement, execution_options={"populate_existing": lock})
    action = found.one_or_none()
    if action is None:
        raise ActionNotFound
    return action


async def list_today(
    session: Session, account_id: UUID, at: Position, *, owner: str | None
) -> Sequence[ParticipantAction]:
    """What is on Today, the highest priority first, then what has been due longest."""
    statement = _shown(account_id)
    if owner is not None:
        statement = statement.where(col(ParticipantAction.owner) == owner)
    order = (
        -col(ParticipantAction.priority),
        col(ParticipantAction.due_at),
        col(ParticipantAction.id),
    )
    if at.after is not None:
        last = select(*order).where(
            col(ParticipantAction.account_id) == account_id, col(ParticipantAction.id) == at.after
        )
        statement = statement.where(tuple_(*order) > last.scalar_subquery())
    found = await session.exec(statement.order_by(*order).limit(at.fetch_rows))
    return found.all()


async def find_pending(session: Session, account_id: UUID, action_id: UUID) -> datetime | None:
    """When a batch is to look at this action; None unless it is the next of its participant."""
    found = await session.exec(
        select(PendingAction.due_at).where(
            col(PendingAction.account_id) == account_id, col(PendingAction.action_id) == action_id
        )
    )
    return found.one_or_none()


async def put_pending(session: Session, action: ParticipantAction, due_at: datetime) -> None:
    """Have a batch come back to it."""
    place = (action.account_id, action.id, action.sequence_id, due_at)
    await (await driver_of(session)).execute(_PUT, *place)


async def forget_pending(session: Session, account_id: UUID, action_id: UUID) -> None:
    await session.exec(
        delete(PendingAction).where(
            col(PendingAction.account_id) == account_id, col(PendingAction.action_id) == action_id
        )
    )


async def get_definition(
    session: Session, action: ParticipantAction
) -> tuple[Cadence, SequenceAction]:
    """The sequence of an action, deleted or not, and what is written there of it."""
    sequence = await session.get_one(Cadence, (action.account_id, action.sequence_id))
    step = await session.get_one(SequenceAction, (action.account_id, action.action_id))
    return sequence, step


async def get_way(session: Session, action: ParticipantAction) -> Participation:
    """The participation that an action is a step of."""
    return await session.get_one(Participation, (action.account_id, action.participation_id))


async def facts_of(session: Session, action: ParticipantAction) -> Facts:
    """What criteria see of the participant."""
    account_id = action.account_id
    way = await get_way(session, action)
    person = await session.get_one(Person, (account_id, action.person_id))
    if way.object is SequenceObject.OPPORTUNITY:
        # Gone, if somebody took the contact away since.
        role = await session.get(OpportunityContact, (account_id, way.object_id, person.id))
        deal = await session.get_one(Opportunity, (account_id, way.object_id))
        found = {} if role is None else {**deal.model_dump(), "role": role.role}
        return Facts(person=person.model_dump(), opportunity=found)
    if way.object is not SequenceObject.CAMPAIGN_MEMBER:
        return Facts(person=person.model_dump())
    response = await session.get_one(Response, (account_id, way.object_id))
    campaign = await session.get_one(Campaign, (account_id, response.campaign_id))
    return Facts(person.model_dump(), campaign.model_dump(), response.model_dump())


def _shown(account_id: UUID) -> SelectOfScalar[ParticipantAction]:
    return select(ParticipantAction).where(
        col(ParticipantAction.account_id) == account_id, col(ParticipantAction.show_on_today)
    )
