"""Reading responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.campaigns.queries import find_campaign
from app.core.db import Session
from app.core.pages import Position
from app.models import Response, RowFailure, Ruleset
from app.models.states import ResponseStatus
from app.responses.errors import ResponseNotFound


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of responses is narrowed to; a campaign by id or code."""

    status: ResponseStatus | None = None
    campaign: str | None = None
    person_id: UUID | None = None


async def get_response(session: Session, account_id: UUID, response_id: UUID) -> Response:
    """The response with this id; raises ResponseNotFound."""
    found = await session.exec(
        select(Response).where(
            col(Response.account_id) == account_id, col(Response.id) == response_id
        )
    )
    response = found.one_or_none()
    if response is None:
        raise ResponseNotFound(response_id=response_id)
    return response


async def list_responses(
    session: Session, account_id: UUID, filters: Filters, at: Position
) -> Sequence[Response]:
    """Responses in the order they came in, behind the position."""
    statement = select(Response).where(col(Response.account_id) == account_id)
    if filters.status is not None:
        statement = statement.where(col(Response.status) == filters.status.value)
    if filters.campaign is not None:
        campaign = await find_campaign(session, account_id, filters.campaign)
        if campaign is None:
            return []
        statement = statement.where(col(Response.campaign_id) == campaign.id)
    if filters.person_id is not None:
        statement = statement.where(col(Response.person_id) == filters.person_id)
    if at.after is not None:
        statement = statement.where(col(Response.id) > at.after)
    found = await session.exec(statement.order_by(col(Response.id)).limit(at.fetch_rows))
    return found.all()


async def failures_of(
    session: Session, account_id: UUID, responses: Sequence[Response]
) -> dict[UUID, RowFailure]:
    """The reasons of those among these responses that were set aside."""
    waiting = [response.id for response in responses if response.status.is_pending]
    if not waiting:
        return {}
    found = await session.exec(
        select(RowFailure).where(
            col(RowFailure.account_id) == account_id, col(RowFailure.response_id).in_(waiting)
        )
    )
    return {failure.response_id: failure for failure in found}


async def find_rules(
    session: Session, account_id: UUID, version: int | None
) -> list[dict[str, Any]]:
    """The rules of a version in their order; none without a version."""
    if version is None:
        return []
    found = await session.exec(
        select(Ruleset.rules).where(
            col(Ruleset.account_id) == account_id, col(Ruleset.version) == version
        )
    )
    return list(found.one())
