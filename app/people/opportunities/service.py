"""What can be done with opportunities; inside the caller's transaction, never committing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core import etags
from app.core.db import Session, constraint_of
from app.models import Opportunity, OpportunityContact
from app.people.opportunities import queries, rules
from app.people.opportunities.errors import ExternalIdTaken
from app.people.opportunities.schemas import Contact, OpportunityCreate, OpportunityPatch


async def create(
    session: Session, account_id: UUID, order: OpportunityCreate, *, now: datetime
) -> Opportunity:
    """Make an opportunity without contacts.

    Raises:
        ExternalIdTaken: another opportunity has it.
    """
    opportunity = Opportunity(
        account_id=account_id,
        **order.model_dump(),
        created_at=now,
        updated_at=now,
        closed_at=rules.closed_at(order.state, None, now),
    )
    session.add(opportunity)
    await _flush(session)
    return opportunity


async def change(
    session: Session,
    account_id: UUID,
    opportunity_id: UUID,
    patch: OpportunityPatch,
    *,
    if_match: str | None,
    now: datetime,
) -> Opportunity:
    """Change the given fields.

    Raises:
        OpportunityNotFound: there is none of this id in the account.
        ChangedMeanwhile: `if_match` names another version.
        ExternalIdTaken: another opportunity has it.
    """
    opportunity = await queries.get_opportunity(session, account_id, opportunity_id, lock=True)
    etags.check(if_match, opportunity.version)
    for field, value in patch.model_dump(exclude_unset=True).items():
        setattr(opportunity, field, value)
    opportunity.closed_at = rules.closed_at(opportunity.state, opportunity.closed_at, now)
    _stamp(opportunity, now)
    await _flush(session)
    return opportunity


async def replace_contacts(
    session: Session,
    account_id: UUID,
    opportunity_id: UUID,
    contacts: Sequence[Contact],
    *,
    if_match: str | None,
    now: datetime,
) -> Opportunity:
    """Put these contacts in place of those before. Safe to repeat.

    Raises:
        OpportunityNotFound: there is none of this id in the account.
        ChangedMeanwhile: `if_match` names another version.
        PersonTwice: a person is listed twice.
        PersonNotFound: some are not people of the account.
    """
    person_ids = [contact.person_id for contact in contacts]
    rules.check_once(person_ids)
    opportunity = await queries.get_opportunity(session, account_id, opportunity_id, lock=True)
    etags.check(if_match, opportunity.version)
    rules.check_known(person_ids, await queries.known_people(session, account_id, person_ids))
    await queries.remove_contacts(session, account_id, opportunity_id)
    session.add_all(
        OpportunityContact(
            account_id=account_id,
            opportunity_id=opportunity_id,
            person_id=contact.person_id,
            role=contact.role,
        )
        for contact in sorted(contacts, key=lambda contact: contact.person_id)
    )
    _stamp(opportunity, now)
    await session.flush()
    return opportunity


def _stamp(opportunity: Opportunity, now: datetime) -> None:
    opportunity.version += 1
    opportunity.updated_at = now


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_opportunities_account_id_external_id":
            raise
        raise ExternalIdTaken from None
