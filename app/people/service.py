"""What can be done with people; inside the caller's transaction, never committing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core import etags
from app.core.db import Session, constraint_of
from app.models import Person
from app.models.states import PersonKind
from app.people import queries, rules, waking
from app.people.attempts import settle
from app.people.errors import (
    AlreadyConverted,
    EmailTaken,
    ExternalIdTaken,
    PersonBusy,
    PersonNotFound,
    PersonWithoutIdentity,
)
from app.people.rules import Identity, Warned
from app.people.schemas import PersonPatch, PersonUpsert

_NOT_MERGED = {"id", "external_id", "email", "do_pending_scoring"}
_TAKEN = {"uq_people_external_id": ExternalIdTaken, "uq_people_email_folded": EmailTaken}


class Upserted(NamedTuple):
    """The person after an upsert."""

    person: Person
    is_new: bool
    warnings: list[Warned]


async def upsert(
    session: Session, account_id: UUID, order: PersonUpsert, *, now: datetime
) -> Upserted:
    """Find the person by what identifies it and merge the given fields, or make a lead.

    Safe to repeat: the same order again changes nothing.

    Raises:
        PersonWithoutIdentity: neither id, external id nor e-mail.
        PersonNotFound: an id that nobody has.
        AttributesTooLarge: kept and given attributes together.
    """
    identity = Identity(order.id, order.external_id, order.email)
    if identity.is_empty:
        raise PersonWithoutIdentity
    given = order.model_dump(exclude=_NOT_MERGED, exclude_none=True)

    async def deed() -> Upserted:
        done = await _merge(session, account_id, identity, given, now)
        if order.do_pending_scoring:
            await waking.ask_for_scoring(session, account_id, [done.person.id], now)
        return done

    return await settle(session, deed)


async def change(
    session: Session,
    account_id: UUID,
    person_id: UUID,
    patch: PersonPatch,
    *,
    if_match: str | None,
    now: datetime,
) -> Person:
    """Change the given fields; one given as None is erased.

    Raises:
        PersonNotFound: there is none of this id in the account.
        ChangedMeanwhile: `if_match` names another version.
        ExternalIdTaken, EmailTaken: another person has it.
        AttributesTooLarge: kept and given attributes together.
    """
    given = patch.model_dump(exclude_unset=True, exclude={"do_pending_scoring"})

    async def deed() -> Person:
        person = await queries.get_person(session, account_id, person_id, lock=True)
        etags.check(if_match, person.version)
        try:
            await _write(session, person, rules.patched(person, given), now)
        except IntegrityError as error:
            taken = _TAKEN.get(constraint_of(error))
            raise (taken() if taken else error) from None
        if patch.do_pending_scoring:
            await waking.ask_for_scoring(session, account_id, [person_id], now)
        return person

    return await settle(session, deed)


async def convert(session: Session, account_id: UUID, person_id: UUID, *, now: datetime) -> Person:
    """Make a contact of a lead.

    Raises:
        PersonNotFound: there is none of this id in the account.
        AlreadyConverted: it is a contact.
    """

    async def deed() -> Person:
        person = await queries.get_person(session, account_id, person_id, lock=True)
        if person.kind is PersonKind.CONTACT:
            raise AlreadyConverted
        await _write(session, person, {"kind": PersonKind.CONTACT, "converted_at": now}, now)
        return person

    return await settle(session, deed)


async def _merge(
    session: Session, account_id: UUID, identity: Identity, given: Mapping[str, Any], now: datetime
) -> Upserted:
    sharing = await queries.list_sharing(session, account_id, identity)
    person = rules.find(identity, sharing)
    if person is None:
        if identity.person_id is not None:
            raise PersonNotFound(person_id=identity.person_id)
        made = _newcomer(account_id, identity, given, now)
        if await queries.insert_person(session, made):
            person = await queries.get_person(session, account_id, made.id)
            return Upserted(person, True, [])
        # Another made it meanwhile and has committed: a second statement sees it.
        sharing = await queries.list_sharing(session, account_id, identity)
        person = rules.find(identity, sharing)
        if person is None:
            raise PersonBusy
    changes, warnings = rules.identify(identity, person, sharing)
    await _write(session, person, changes | rules.merged(person, given), now)
    return Upserted(person, False, warnings)


def _newcomer(
    account_id: UUID, identity: Identity, given: Mapping[str, Any], now: datetime
) -> Person:
    person = Person(
        account_id=account_id, external_id=identity.external_id, created_at=now, updated_at=now
    )
    for column, value in (
        rules.email_columns(identity.email) | rules.merged(person, given)
    ).items():
        setattr(person, column, value)
    return person


async def _write(
    session: Session, person: Person, changes: Mapping[str, Any], now: datetime
) -> None:
    if not changes:
        return
    for column, value in changes.items():
        setattr(person, column, value)
    person.version += 1
    person.updated_at = now
    await session.flush()
    if "score" in changes:
        await waking.score_changed(session, person.account_id, [person.id], now)
