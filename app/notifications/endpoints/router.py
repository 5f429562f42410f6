"""Webhook endpoints: where events go, which, and under whose secret."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.accounts.caller import Held, Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core import etags, pages
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.models import WebhookEndpoint
from app.notifications.endpoints import queries, service
from app.notifications.endpoints.errors import (
    InvalidWebhookAddress,
    TooManyWebhookEndpoints,
    WebhookEndpointNotFound,
)
from app.notifications.endpoints.schemas import (
    WebhookEndpointCreate,
    WebhookEndpointCreated,
    WebhookEndpointPatch,
    WebhookEndpointRead,
)

router = APIRouter(prefix="/webhook-endpoints", tags=["webhooks"], route_class=Route)


@router.post(
    "",
    status_code=201,
    response_model=WebhookEndpointCreated,
    responses=problems(InvalidWebhookAddress, TooManyWebhookEndpoints),
)
async def create_webhook_endpoint(
    wanted: WebhookEndpointCreate,
    caller: Manager,
    resources: Held,
    tx: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> WebhookEndpointCreated:
    """Have events posted to an address from now on. The secret is in this answer only."""
    endpoint, secret = await service.create(
        tx,
        caller.account_id,
        wanted,
        secret_key=resources.settings.secret_key.get_secret_value(),
        allow_private=resources.settings.webhooks.allow_private,
        now=now,
    )
    response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
    return _told_once(endpoint, secret, request, response)


@router.get("", response_model=Page[WebhookEndpointRead], responses=problems(BadCursor))
async def list_webhook_endpoints(
    caller: Reader, tx: Tx, cursor: CursorText = None, limit: Limit = DEFAULT_LIMIT
) -> dict[str, object]:
    """The webhook endpoints of the account, oldest first; at most 20."""
    at = pages.position(caller.account_id, "webhook_endpoints", cursor, limit)
    found = await queries.list_endpoints(tx, caller.account_id, at)
    rows, following = at.page(found, lambda row: row.id)
    return {"items": [service.shown(row) for row in rows], "next_cursor": following}


@router.get(
    "/{endpoint_id}",
    response_model=WebhookEndpointRead,
    responses=problems(WebhookEndpointNotFound),
)
async def read_webhook_endpoint(
    endpoint_id: UUID, caller: Reader, tx: Tx, response: Response
) -> WebhookEndpointRead:
    """One webhook endpoint, and whether it works."""
    endpoint = await queries.get_endpoint(tx, caller.account_id, endpoint_id)
    etags.show(response, endpoint.version)
    return service.shown(endpoint)


@router.patch(
    "/{endpoint_id}",
    response_model=WebhookEndpointRead,
    responses=problems(WebhookEndpointNotFound, ChangedMeanwhile, InvalidWebhookAddress),
)
async def change_webhook_endpoint(
    endpoint_id: UUID,
    patch: WebhookEndpointPatch,
    caller: Manager,
    resources: Held,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> WebhookEndpointRead:
    """Change the given fields. Disabled, it gets nothing, and what waits for it is cancelled."""
    endpoint = await service.change(
        tx,
        caller.account_id,
        endpoint_id,
        patch,
        if_match=if_match,
        allow_private=resources.settings.webhooks.allow_private,
        now=now,
    )
    etags.show(response, endpoint.version)
    return service.shown(endpoint)


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    responses=problems(WebhookEndpointNotFound, ChangedMeanwhile),
)
async def delete_webhook_endpoint(
    endpoint_id: UUID, caller: Manager, tx: Tx, if_match: IfMatch = None
) -> None:
    """Forget an endpoint and its secret; what waits for it is not sent."""
    await service.delete(tx, caller.account_id, endpoint_id, if_match=if_match)


@router.post(
    "/{endpoint_id}/rotate-secret",
    response_model=WebhookEndpointCreated,
    responses=problems(WebhookEndpointNotFound),
)
async def rotate_webhook_secret(
    endpoint_id: UUID,
    caller: Manager,
    resources: Held,
    tx: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> WebhookEndpointCreated:
    """Replace the secret, shown in this answer only; for 24 hours more the one before signs too."""
    endpoint, secret = await service.rotate(
        tx,
        caller.account_id,
        endpoint_id,
        secret_key=resources.settings.secret_key.get_secret_value(),
        now=now,
    )
    return _told_once(endpoint, secret, request, response)


def _told_once(
    endpoint: WebhookEndpoint, secret: str, request: Request, response: Response
) -> WebhookEndpointCreated:
    etags.show(response, endpoint.version)
    told = WebhookEndpointCreated(secret=secret, webhook_endpoint=service.shown(endpoint))
    kept = told.model_copy(update={"secret": None})
    request.state.answer_without_secrets = kept.model_dump_json().encode()
    return told
