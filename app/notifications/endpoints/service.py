"""What can be done with webhook endpoints; inside the caller's transaction, never committing."""

from datetime import datetime
from uuid import UUID

from app.core import clock, etags
from app.core.db import Session
from app.core.ids import uuid7
from app.core.sealing import seal
from app.models import WebhookEndpoint
from app.notifications.endpoints import queries, rules
from app.notifications.endpoints.errors import InvalidWebhookAddress, TooManyWebhookEndpoints
from app.notifications.endpoints.schemas import (
    WebhookEndpointCreate,
    WebhookEndpointPatch,
    WebhookEndpointRead,
)

MOST = 20


async def create(
    session: Session,
    account_id: UUID,
    wanted: WebhookEndpointCreate,
    *,
    secret_key: str,
    allow_private: bool,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint for what happens from now on; returns it and its secret.

    Raises:
        InvalidWebhookAddress: nobody is called there.
        TooManyWebhookEndpoints: it would be the account's 21st.
    """
    _check(wanted.url, allow_private=allow_private)
    if await queries.count_endpoints(session, account_id) >= MOST:
        raise TooManyWebhookEndpoints(most=MOST)
    endpoint_id, secret = uuid7(), rules.new_secret()
    endpoint = WebhookEndpoint(
        account_id=account_id,
        id=endpoint_id,
        url=wanted.url,
        description=wanted.description,
        events=[word.value for word in wanted.events],
        enabled=wanted.enabled,
        since_xid=await queries.begin_here(session, account_id),
        secret=_sealed(secret, secret_key, account_id, endpoint_id),
        created_at=now,
        updated_at=now,
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, secret


async def change(
    session: Session,
    account_id: UUID,
    endpoint_id: UUID,
    patch: WebhookEndpointPatch,
    *,
    if_match: str | None,
    allow_private: bool,
    now: datetime,
) -> WebhookEndpoint:
    """Change the given fields. Enabled again, it gets what happens from then on.

    Raises:
        WebhookEndpointNotFound: there is no such endpoint in this account.
        ChangedMeanwhile: `if_match` names another version.
        InvalidWebhookAddress: nobody is called there.
    """
    endpoint = await queries.get_endpoint(session, account_id, endpoint_id, lock=True)
    etags.check(if_match, endpoint.version)
    given = patch.model_fields_set
    if "url" in given:
        _check(patch.url, allow_private=allow_private)
        endpoint.url = patch.url
    if "description" in given:
        endpoint.description = patch.description
    if "events" in given:
        endpoint.events = [word.value for word in patch.events]
    if "enabled" in given and patch.enabled is not endpoint.enabled:
        endpoint.enabled = patch.enabled
        endpoint.disabled_reason = endpoint.failing_since = None
        if patch.enabled:
            endpoint.since_xid = await queries.begin_here(session, account_id)
    endpoint.version += 1
    endpoint.updated_at = now
    await session.flush()
    return endpoint


async def rotate(
    session: Session, account_id: UUID, endpoint_id: UUID, *, secret_key: str, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Give it another secret; the one before signs too for 24 hours more, one before that no more.

    Raises:
        WebhookEndpointNotFound: there is no such endpoint in this account.
    """
    endpoint = await queries.get_endpoint(session, account_id, endpoint_id, lock=True)
    secret = rules.new_secret()
    endpoint.previous_secret = endpoint.secret
    endpoint.previous_until = clock.real_now() + rules.ROTATION
    endpoint.secret = _sealed(secret, secret_key, account_id, endpoint_id)
    endpoint.version += 1
    endpoint.updated_at = now
    await session.flush()
    return endpoint, secret


async def delete(
    session: Session, account_id: UUID, endpoint_id: UUID, *, if_match: str | None
) -> None:
    """Forget it and its secret; what waits for it is not sent.

    Raises:
        WebhookEndpointNotFound: there is no such endpoint in this account.
        ChangedMeanwhile: `if_match` names another version.
    """
    endpoint = await queries.get_endpoint(session, account_id, endpoint_id, lock=True)
    etags.check(if_match, endpoint.version)
    await session.delete(endpoint)
    await session.flush()


def shown(endpoint: WebhookEndpoint) -> WebhookEndpointRead:
    """The endpoint as anybody may see it who may read."""
    until = endpoint.previous_until
    lives = until is not None and until > clock.real_now()
    told = endpoint.model_dump(include=set(WebhookEndpointRead.model_fields))
    return WebhookEndpointRead(**told, previous_secret_until=until if lives else None)


def context_of(account_id: UUID, endpoint_id: UUID) -> bytes:
    """What a secret is sealed for."""
    return f"webhook-endpoint:{account_id}:{endpoint_id}".encode()


def _sealed(secret: str, secret_key: str, account_id: UUID, endpoint_id: UUID) -> bytes:
    return seal(secret_key, secret.encode(), context=context_of(account_id, endpoint_id))


def _check(url: str, *, allow_private: bool) -> None:
    fault = rules.fault_in_address(url, allow_private=allow_private)
    if fault is not None:
        raise InvalidWebhookAddress(faults=[fault])
