"""People: upsert, read, change, convert."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Reader, Writer
from app.accounts.transaction import Now, Tx
from app.core import etags, pages
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.models import Person
from app.people import queries, service
from app.people.errors import (
    AlreadyConverted,
    AttributesTooLarge,
    EmailTaken,
    ExternalIdTaken,
    PersonBusy,
    PersonNotFound,
    PersonWithoutIdentity,
)
from app.people.schemas import PersonMerged, PersonPatch, PersonRead, PersonUpsert

router = APIRouter(prefix="/people", tags=["people"], route_class=Route)

Wanted = Annotated[Plain | None, Query(max_length=320)]


@router.post(
    "",
    status_code=201,
    response_model=PersonMerged,
    responses=problems(PersonNotFound, PersonWithoutIdentity, AttributesTooLarge, PersonBusy)
    | {200: {"model": PersonMerged, "description": "Merged into a person that was there."}},
)
async def upsert_person(
    order: PersonUpsert, caller: Writer, tx: Tx, now: Now, response: Response
) -> PersonMerged:
    """Find a person by id, external id or e-mail and merge the given fields, or make a lead.

    Where external id and e-mail name different people, the external id wins, the e-mail is not
    written, and `warnings` says `identity_conflict`. Safe to repeat.
    """
    person, is_new, warnings = await service.upsert(tx, caller.account_id, order, now=now)
    if is_new:
        response.headers["Location"] = f"/v1/people/{person.id}"
    else:
        response.status_code = 200
    etags.show(response, person.version)
    return PersonMerged(**person.model_dump(), warnings=warnings)


@router.get("", response_model=Page[PersonRead], responses=problems(BadCursor))
async def list_people(
    caller: Reader,
    tx: Tx,
    email: Wanted = None,
    external_id: Wanted = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PersonRead]:
    """People in the order they were made; by e-mail (without case) or external id if given."""
    position = pages.position(caller.account_id, "people", cursor, limit, email, external_id)
    rows, following = position.page(
        await queries.list_people(
            tx, caller.account_id, position, email=email, external_id=external_id
        ),
        lambda person: person.id,
    )
    return Page(
        items=[PersonRead.model_validate(person, from_attributes=True) for person in rows],
        next_cursor=following,
    )


@router.get("/{person_id}", response_model=PersonRead, responses=problems(PersonNotFound))
async def read_person(person_id: UUID, caller: Reader, tx: Tx, response: Response) -> Person:
    """One person."""
    person = await queries.get_person(tx, caller.account_id, person_id)
    etags.show(response, person.version)
    return person


@router.patch(
    "/{person_id}",
    response_model=PersonRead,
    responses=problems(
        PersonNotFound,
        ChangedMeanwhile,
        ExternalIdTaken,
        EmailTaken,
        AttributesTooLarge,
        PersonBusy,
    ),
)
async def change_person(
    person_id: UUID,
    patch: PersonPatch,
    caller: Writer,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Person:
    """Change the given fields; null erases. Safe to repeat."""
    person = await service.change(
        tx, caller.account_id, person_id, patch, if_match=if_match, now=now
    )
    etags.show(response, person.version)
    return person


@router.post(
    "/{person_id}/convert",
    response_model=PersonRead,
    responses=problems(PersonNotFound, AlreadyConverted, PersonBusy),
)
async def convert_person(
    person_id: UUID, caller: Writer, tx: Tx, now: Now, response: Response
) -> Person:
    """Make a contact of a lead. Once only."""
    person = await service.convert(tx, caller.account_id, person_id, now=now)
    etags.show(response, person.version)
    return person
