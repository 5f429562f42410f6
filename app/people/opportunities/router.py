"""Opportunities and their contacts."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.accounts.caller import Reader, Writer
from app.accounts.transaction import Now, Tx
from app.core import etags, pages
from app.core.db import Session
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.models import Opportunity
from app.people.opportunities import queries, service
from app.people.opportunities.errors import (
    ExternalIdTaken,
    OpportunityNotFound,
    PersonNotFound,
    PersonTwice,
)
from app.people.opportunities.schemas import (
    ContactsPut,
    OpportunityCreate,
    OpportunityPatch,
    OpportunityRead,
)

router = APIRouter(prefix="/opportunities", tags=["opportunities"], route_class=Route)


@router.post(
    "", status_code=201, response_model=OpportunityRead, responses=problems(ExternalIdTaken)
)
async def create_opportunity(
    order: OpportunityCreate, caller: Writer, tx: Tx, now: Now, response: Response
) -> OpportunityRead:
    """Make an opportunity; its contacts are put afterwards."""
    opportunity = await service.create(tx, caller.account_id, order, now=now)
    response.headers["Location"] = f"/v1/opportunities/{opportunity.id}"
    return await _shown(tx, opportunity, response)


@router.get("", response_model=Page[OpportunityRead], responses=problems(BadCursor))
async def list_opportunities(
    caller: Reader, tx: Tx, cursor: CursorText = None, limit: Limit = DEFAULT_LIMIT
) -> Page[OpportunityRead]:
    """Opportunities with their contacts, in the order they were made."""
    position = pages.position(caller.account_id, "opportunities", cursor, limit)
    rows, following = position.page(
        await queries.list_opportunities(tx, caller.account_id, position), lambda row: row.id
    )
    contacts = await queries.list_contacts(tx, caller.account_id, [row.id for row in rows])
    return Page(
        items=[OpportunityRead.of(row, contacts.get(row.id, ())) for row in rows],
        next_cursor=following,
    )


@router.get(
    "/{opportunity_id}", response_model=OpportunityRead, responses=problems(OpportunityNotFound)
)
async def read_opportunity(
    opportunity_id: UUID, caller: Reader, tx: Tx, response: Response
) -> OpportunityRead:
    """One opportunity with its contacts."""
    opportunity = await queries.get_opportunity(tx, caller.account_id, opportunity_id)
    return await _shown(tx, opportunity, response)


@router.patch(
    "/{opportunity_id}",
    response_model=OpportunityRead,
    responses=problems(OpportunityNotFound, ChangedMeanwhile, ExternalIdTaken),
)
async def change_opportunity(
    opportunity_id: UUID,
    patch: OpportunityPatch,
    caller: Writer,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> OpportunityRead:
    """Change the given fields; null erases the external id or the amount. Safe to repeat."""
    opportunity = await service.change(
        tx, caller.account_id, opportunity_id, patch, if_match=if_match, now=now
    )
    return await _shown(tx, opportunity, response)


@router.put(
    "/{opportunity_id}/contacts",
    response_model=OpportunityRead,
    responses=problems(OpportunityNotFound, ChangedMeanwhile, PersonNotFound, PersonTwice),
)
async def put_contacts(
    opportunity_id: UUID,
    order: ContactsPut,
    caller: Writer,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> OpportunityRead:
    """Replace all contacts of an opportunity; an empty list removes them. Safe to repeat."""
    opportunity = await service.replace_contacts(
        tx, caller.account_id, opportunity_id, order.contacts, if_match=if_match, now=now
    )
    return await _shown(tx, opportunity, response)


async def _shown(session: Session, opportunity: Opportunity, response: Response) -> OpportunityRead:
    etags.show(response, opportunity.version)
    contacts = await queries.list_contacts(session, opportunity.account_id, [opportunity.id])
    return OpportunityRead.of(opportunity, contacts.get(opportunity.id, ()))
