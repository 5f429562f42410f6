"""The SQL of opportunities."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Opportunity, OpportunityContact, Person
from app.people.opportunities.errors import OpportunityNotFound


async def get_opportunity(
    session: Session, account_id: UUID, opportunity_id: UUID, *, lock: bool = False
) -> Opportunity:
    """The opportunity.

    Raises:
        OpportunityNotFound: there is none of this id in the account.
    """
    statement = select(Opportunity).where(
        col(Opportunity.account_id) == account_id, col(Opportunity.id) == opportunity_id
    )
    if lock:
        statement = statement.with_for_update()
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise OpportunityNotFound(opportunity_id=opportunity_id)
    return found


async def list_opportunities(
    session: Session, account_id: UUID, position: Position
) -> Sequence[Opportunity]:
    """Opportunities in the order of ids; one more than the page shows."""
    statement = select(Opportunity).where(col(Opportunity.account_id) == account_id)
    if position.after is not None:
        statement = statement.where(col(Opportunity.id) > position.after)
    ordered = statement.order_by(col(Opportunity.id)).limit(position.fetch_rows)
    return (await session.exec(ordered)).all()


async def list_contacts(
    session: Session, account_id: UUID, opportunity_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[OpportunityContact]]:
    """The contacts of each of these opportunities, in the order of people's ids."""
    statement = (
        select(OpportunityContact)
        .where(
            col(OpportunityContact.account_id) == account_id,
            col(OpportunityContact.opportunity_id).in_(opportunity_ids),
        )
        .order_by(col(OpportunityContact.opportunity_id), col(OpportunityContact.person_id))
    )
    found: dict[UUID, list[OpportunityContact]] = defaultdict(list)
    for contact in await session.exec(statement):
        found[contact.opportunity_id].append(contact)
    return found


async def known_people(
    session: Session, account_id: UUID, person_ids: Collection[UUID]
) -> frozenset[UUID]:
    """Those of the ids that are people of the account."""
    statement = select(Person.id).where(
        col(Person.account_id) == account_id, col(Person.id).in_(person_ids)
    )
    return frozenset((await session.exec(statement)).all())


async def remove_contacts(session: Session, account_id: UUID, opportunity_id: UUID) -> None:
    await session.exec(
        delete(OpportunityContact).where(
            col(OpportunityContact.account_id) == account_id,
            col(OpportunityContact.opportunity_id) == opportunity_id,
        )
    )
