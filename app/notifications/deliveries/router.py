"""The log of deliveries, tests and replays."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Manager, Operator, Reader
from app.accounts.transaction import Now, Tx
from app.core import pages
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.models.delivery_states import DeliveryState
from app.notifications.deliveries import queries, service
from app.notifications.deliveries.errors import DeliveryNotFound, DeliveryPending, EventForgotten
from app.notifications.deliveries.schemas import DeliveryRead, TestSent
from app.notifications.endpoints.errors import WebhookEndpointDisabled, WebhookEndpointNotFound
from app.notifications.endpoints.queries import get_endpoint

router = APIRouter(tags=["webhooks"], route_class=Route)

StateFilter = Annotated[DeliveryState | None, Query(description="Only those in this state.")]


@router.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    response_model=Page[DeliveryRead],
    responses=problems(WebhookEndpointNotFound, BadCursor),
)
async def list_deliveries(
    endpoint_id: UUID,
    caller: Reader,
    tx: Tx,
    state: StateFilter = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """What was sent to an endpoint in the last 30 days and what it answered, newest first."""
    endpoint = await get_endpoint(tx, caller.account_id, endpoint_id)
    at = pages.position(caller.account_id, "deliveries", cursor, limit, endpoint.id, state)
    found = await queries.list_deliveries(tx, caller.account_id, endpoint.id, at, state=state)
    rows, following = at.page(found, lambda row: row[0].id)
    return {"items": [service.shown(row) for row in rows], "next_cursor": following}


@router.get("/deliveries", response_model=Page[DeliveryRead], responses=problems(BadCursor))
async def list_all_deliveries(
    caller: Reader,
    tx: Tx,
    state: StateFilter = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """What was sent to all endpoints in the last 30 days, newest first."""
    at = pages.position(caller.account_id, "deliveries", cursor, limit, state)
    found = await queries.list_deliveries(tx, caller.account_id, None, at, state=state)
    rows, following = at.page(found, lambda row: row[0].id)
    return {"items": [service.shown(row) for row in rows], "next_cursor": following}


@router.get(
    "/deliveries/{delivery_id}", response_model=DeliveryRead, responses=problems(DeliveryNotFound)
)
async def read_delivery(delivery_id: UUID, caller: Reader, tx: Tx) -> DeliveryRead:
    """One delivery, with its last attempts."""
    return service.shown(await queries.get_delivery(tx, caller.account_id, delivery_id))


@router.post(
    "/webhook-endpoints/{endpoint_id}/test",
    status_code=202,
    response_model=TestSent,
    responses=problems(WebhookEndpointNotFound, WebhookEndpointDisabled),
)
async def test_webhook_endpoint(
    endpoint_id: UUID, caller: Manager, tx: Tx, now: Now, response: Response
) -> TestSent:
    """Send an endpoint a `webhook_endpoint.tested`, whatever its filter; at Location is how far."""
    sent = await service.send_test(tx, caller.account_id, endpoint_id, by=caller.user, now=now)
    _under_way(response, sent.delivery_id)
    return sent


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=DeliveryRead,
    responses=problems(
        DeliveryNotFound,
        DeliveryPending,
        EventForgotten,
        WebhookEndpointNotFound,
        WebhookEndpointDisabled,
    ),
)
async def replay_delivery(
    delivery_id: UUID, caller: Operator, tx: Tx, now: Now, response: Response
) -> DeliveryRead:
    """Send it again, under the same `webhook-id`, with all attempts that a new one has."""
    replayed = await service.replay(tx, caller.account_id, delivery_id, now=now)
    _under_way(response, delivery_id)
    return service.shown(replayed)


def _under_way(response: Response, delivery_id: UUID) -> None:
    response.headers["Location"] = f"/v1/deliveries/{delivery_id}"
    response.headers["Retry-After"] = "1"
