"""What can be done with keys; inside the caller's transaction, never committing."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from app.accounts.errors import ApiKeyNotLive, UserKindDiffers
from app.accounts.keys import queries, rules
from app.accounts.keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from app.core import auth
from app.core.auth import Key
from app.core.db import Session
from app.models import INSTALLATION, ApiKey, User
from app.models.states import UserKind


async def create(
    session: Session, account_id: UUID, order: ApiKeyCreate, *, secret: SecretStr, now: datetime
) -> ApiKeyCreated:
    """Make a key, and its user if there is none.

    Raises:
        ScopeNotGrantable: the scope platform, outside the installation's own account.
        ExpiryInPast: it would never live.
        UserKindDiffers: the user exists and is of the other kind.
    """
    rules.check_grant(order.scopes, by_installation=account_id == INSTALLATION)
    rules.check_expiry(order.expires_at, now=now)
    kind = order.kind or UserKind.INTEGRATION
    user = await queries.find_or_make_user(session, account_id, order.user, kind)
    if order.kind not in (None, user.kind):
        raise UserKindDiffers
    key, row = issue(user, order.scopes, secret=secret, now=now, expires_at=order.expires_at)
    session.add(row)
    await session.flush()
    return ApiKeyCreated(key=str(key), api_key=ApiKeyRead.of(row, user))


async def revoke(session: Session, account_id: UUID, key_id: UUID, *, now: datetime) -> None:
    """End a key at once. Revoking it again changes nothing.

    Raises:
        ApiKeyNotFound: there is no such key in this account.
    """
    key, _ = await queries.get_key(session, account_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = now


async def rotate(
    session: Session, account_id: UUID, key_id: UUID, *, secret: SecretStr, now: datetime
) -> ApiKeyCreated:
    """Replace a key by one of the same user and scopes; the old one works up to 24 hours more.

    A key that this one had itself replaced ends now, so that never more than two live.

    Raises:
        ApiKeyNotFound: there is no such key in this account.
        ApiKeyNotLive: it is expired, revoked or already rotated.
    """
    old, user = await queries.get_key(session, account_id, key_id)
    if not rules.is_live(old, now=now):
        raise ApiKeyNotLive
    await queries.end_predecessors(session, account_id, key_id, at=now)
    key, new = issue(
        user, old.scopes, secret=secret, now=now, expires_at=rules.end_of_successor(old, now=now)
    )
    old.expires_at, old.rotated_to = rules.end_of_rotated(old, now=now), new.id
    session.add(new)
    await session.flush()
    return ApiKeyCreated(key=str(key), api_key=ApiKeyRead.of(new, user))


def issue(
    user: User,
    scopes: Iterable[str],
    *,
    secret: SecretStr,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[Key, ApiKey]:
    """A new key and the row that knows it; the row is not yet in any session."""
    key = auth.new_key()
    row = ApiKey(
        account_id=user.account_id,
        user_id=user.id,
        public_id=key.public,
        secret_digest=auth.digest(secret.get_secret_value(), key),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    return key, row
