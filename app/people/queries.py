"""The SQL of people."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Person
from app.people.errors import PersonNotFound
from app.people.rules import Identity, fold_email


async def get_person(
    session: Session, account_id: UUID, person_id: UUID, *, lock: bool = False
) -> Person:
    """The person.

    Raises:
        PersonNotFound: there is none of this id in the account.
    """
    statement = select(Person).where(
        col(Person.account_id) == account_id, col(Person.id) == person_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise PersonNotFound(person_id=person_id)
    return found


async def list_sharing(session: Session, account_id: UUID, identity: Identity) -> Sequence[Person]:
    """Everybody who has a part of this identity, locked in the order of ids."""
    parts = []
    if identity.person_id is not None:
        parts.append(col(Person.id) == identity.person_id)
    if identity.external_id is not None:
        parts.append(col(Person.external_id) == identity.external_id)
    if identity.email is not None:
        parts.append(col(Person.email_folded) == identity.email_folded)
    statement = (
        select(Person)
        .where(col(Person.account_id) == account_id, or_(*parts))
        .order_by(col(Person.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).all()


async def insert_person(session: Session, person: Person) -> bool:
    """Insert, and say whether this transaction did; False if another has the identity."""
    inserted = await session.exec(
        insert(Person).values(person.model_dump()).on_conflict_do_nothing()
    )
    return inserted.rowcount == 1


async def list_people(
    session: Session,
    account_id: UUID,
    position: Position,
    *,
    email: str | None,
    external_id: str | None,
) -> Sequence[Person]:
    """People in the order of ids; one more than the page shows."""
    statement = select(Person).where(col(Person.account_id) == account_id)
    if email is not None:
        statement = statement.where(col(Person.email_folded) == fold_email(email))
    if external_id is not None:
        statement = statement.where(col(Person.external_id) == external_id)
    if position.after is not None:
        statement = statement.where(col(Person.id) > position.after)
    return (await session.exec(statement.order_by(col(Person.id)).limit(position.fetch_rows))).all()
