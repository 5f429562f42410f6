"""Reading responses and their scores."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Reader
from app.accounts.transaction import Tx
from app.core.pages import BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.models.states import ResponseStatus
from app.responses import queries, service
from app.responses.errors import NotScored, ResponseNotFound
from app.responses.queries import Filters
from app.responses.schemas import ResponseRead, ScoreRead

router = APIRouter(tags=["responses"], route_class=Route)

CampaignRef = Annotated[Plain | None, Query(max_length=200, description="Id or code.")]


@router.get("/responses", response_model=Page[ResponseRead], responses=problems(BadCursor))
async def list_responses(
    caller: Reader,
    tx: Tx,
    status: Annotated[ResponseStatus | None, Query(description="A status word.")] = None,
    campaign: CampaignRef = None,
    person: Annotated[UUID | None, Query(description="A person's id.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> dict[str, object]:
    """Responses in the order they came in."""
    at = position(caller.account_id, "responses", cursor, limit, status, campaign, person)
    filters = Filters(status=status, campaign=campaign, person_id=person)
    found = await queries.list_responses(tx, caller.account_id, filters, at)
    rows, following = at.page(found, lambda response: response.id)
    return {"items": await service.read(tx, caller.account_id, rows), "next_cursor": following}


@router.get(
    "/responses/{response_id}",
    response_model=ResponseRead,
    responses=problems(ResponseNotFound),
)
async def read_response(response_id: UUID, caller: Reader, tx: Tx) -> ResponseRead:
    """One response as it stands now."""
    response = await queries.get_response(tx, caller.account_id, response_id)
    return (await service.read(tx, caller.account_id, [response]))[0]


@router.get(
    "/responses/{response_id}/score",
    response_model=ScoreRead,
    responses=problems(ResponseNotFound, NotScored),
)
async def read_score(response_id: UUID, caller: Reader, tx: Tx) -> ScoreRead:
    """Every part of the response's score; they add up to the total."""
    return await service.read_score(tx, caller.account_id, response_id)
