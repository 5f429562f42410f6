"""Who is calling, and what they may do: from the bearer key to a `Caller`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.accounts import queries
from app.accounts.errors import KeyInvalid, KeyMissing, MissingScope
from app.accounts.rate_limits import take
from app.core import auth, clock
from app.core.auth import Scope
from app.core.resources import Resources

bearer = HTTPBearer(auto_error=False, description="An API key, `pk_…`.")


@dataclass(frozen=True, slots=True)
class Caller:
    """The key that was shown, and whose it is."""

    account_id: UUID
    key_id: UUID
    user_id: UUID
    user: str
    timezone: str
    scopes: frozenset[str]
    expires_at: datetime | None


async def resources_of(request: Request) -> Resources:
    """A coroutine, so that it is not sent to a thread: it would wait there for nothing."""
    resources: Resources = request.app.state.resources
    return resources


Held = Annotated[Resources, Depends(resources_of)]


async def identify(resources: Resources, shown: str | None) -> Caller:
    """The caller behind a bearer token.

    Raises:
        KeyMissing: there is none.
        KeyInvalid: it is not a live key of this installation.
    """
    if not shown:
        raise KeyMissing
    key = auth.parse_key(shown)
    if key is None:
        raise KeyInvalid
    async with resources.look() as connection:
        found = await queries.find_key(connection, key.public)
    digest = auth.digest(resources.settings.secret_key.get_secret_value(), key)
    if found is None or not auth.is_same(found.secret_digest, digest):
        raise KeyInvalid
    caller = Caller(
        account_id=found.account_id,
        key_id=found.key_id,
        user_id=found.user_id,
        user=found.user_name,
        timezone=found.timezone,
        scopes=frozenset(found.scopes),
        expires_at=found.expires_at,
    )
    if found.revoked_at is not None or has_expired(caller):
        raise KeyInvalid
    return caller


def has_expired(caller: Caller) -> bool:
    return caller.expires_at is not None and caller.expires_at <= clock.real_now()


async def _identified(
    resources: Held,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    found = await identify(resources, shown.credentials if shown else None)
    structlog.contextvars.bind_contextvars(account_id=str(found.account_id))
    return found


# Solved once a request, whoever asks for it: the scope's check and the transaction both do.
Identified = Annotated[Caller, Depends(_identified)]


def requires(*scopes: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, if the key has one of these scopes and requests left."""

    async def caller(request: Request, resources: Held, found: Identified) -> Caller:
        admit(found, scopes)
        take(resources.settings.limits.others, f"{found.key_id}:others", request.scope)
        return found

    caller.scopes = scopes  # type: ignore[attr-defined]  # read by the guard over all routes
    return caller


def admit(caller: Caller, scopes: tuple[Scope, ...]) -> None:
    """Raise MissingScope unless the key has one of the scopes."""
    if not caller.scopes.intersection(scopes):
        raise MissingScope(scope=" or ".join(scopes))


Reader = Annotated[Caller, Depends(requires(Scope.READ))]
Writer = Annotated[Caller, Depends(requires(Scope.INGEST, Scope.MANAGE))]
Operator = Annotated[Caller, Depends(requires(Scope.OPERATE))]
Manager = Annotated[Caller, Depends(requires(Scope.MANAGE))]
Admin = Annotated[Caller, Depends(requires(Scope.ADMIN))]
Platform = Annotated[Caller, Depends(requires(Scope.PLATFORM))]
