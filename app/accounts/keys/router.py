"""API keys of the account."""

from uuid import UUID

from fastapi import APIRouter, Request

from app.accounts.caller import Admin, Held
from app.accounts.errors import (
    ApiKeyNotFound,
    ApiKeyNotLive,
    ExpiryInPast,
    ScopeNotGrantable,
    UserKindDiffers,
)
from app.accounts.keys import queries, service
from app.accounts.keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from app.accounts.transaction import Tx
from app.core import clock, pages
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route

router = APIRouter(prefix="/api-keys", tags=["api keys"], route_class=Route)


@router.post(
    "",
    status_code=201,
    response_model=ApiKeyCreated,
    responses=problems(ScopeNotGrantable, ExpiryInPast, UserKindDiffers),
)
async def create_api_key(
    order: ApiKeyCreate, caller: Admin, resources: Held, tx: Tx, request: Request
) -> ApiKeyCreated:
    """Make a key for a user. The key is in this answer only; a repeat does not show it again."""
    created = await service.create(
        tx,
        caller.account_id,
        order,
        secret=resources.settings.secret_key,
        now=clock.real_now(),
    )
    _keep_without_key(request, created)
    return created


@router.get("", response_model=Page[ApiKeyRead], responses=problems(BadCursor))
async def list_api_keys(
    caller: Admin, tx: Tx, cursor: CursorText = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ApiKeyRead]:
    """Keys of the account, oldest first, also those that live no more."""
    position = pages.position(caller.account_id, "api_keys", cursor, limit)
    rows, following = position.page(
        await queries.list_keys(tx, caller.account_id, position), lambda row: row[0].id
    )
    return Page(items=[ApiKeyRead.of(key, user) for key, user in rows], next_cursor=following)


@router.delete("/{key_id}", status_code=204, responses=problems(ApiKeyNotFound))
async def revoke_api_key(key_id: UUID, caller: Admin, tx: Tx) -> None:
    """End a key at once. Safe to repeat."""
    await service.revoke(tx, caller.account_id, key_id, now=clock.real_now())


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    response_model=ApiKeyCreated,
    responses=problems(ApiKeyNotFound, ApiKeyNotLive),
)
async def rotate_api_key(
    key_id: UUID, caller: Admin, resources: Held, tx: Tx, request: Request
) -> ApiKeyCreated:
    """Replace a key; the old one works for 24 hours more, unless it expires before."""
    created = await service.rotate(
        tx,
        caller.account_id,
        key_id,
        secret=resources.settings.secret_key,
        now=clock.real_now(),
    )
    _keep_without_key(request, created)
    return created


def _keep_without_key(request: Request, created: ApiKeyCreated) -> None:
    shown = created.model_copy(update={"key": None})
    request.state.answer_without_secrets = shown.model_dump_json().encode()
