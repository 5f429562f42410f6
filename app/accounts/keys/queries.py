"""The SQL of users and their keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.accounts.errors import ApiKeyNotFound
from app.core.db import Session
from app.core.ids import uuid7
from app.core.pages import Position
from app.models import ApiKey, User
from app.models.states import UserKind


async def find_or_make_user(
    session: Session, account_id: UUID, name: str, kind: UserKind = UserKind.INTEGRATION
) -> User:
    """The user of this name; made with this kind if there is none. Safe beside its twin."""
    await session.exec(
        insert(User)
        .values(account_id=account_id, id=uuid7(), name=name, kind=kind.value)
        .on_conflict_do_nothing(index_elements=["account_id", "name"])
    )
    statement = select(User).where(col(User.account_id) == account_id, col(User.name) == name)
    return (await session.exec(statement)).one()


async def get_key(session: Session, account_id: UUID, key_id: UUID) -> tuple[ApiKey, User]:
    """The key, locked, and its user.

    Raises:
        ApiKeyNotFound: there is no such key in this account.
    """
    statement = (
        select(ApiKey)
        .where(col(ApiKey.account_id) == account_id, col(ApiKey.id) == key_id)
        .with_for_update()
    )
    key = (await session.exec(statement)).one_or_none()
    if key is None:
        raise ApiKeyNotFound(key_id=key_id)
    owner = select(User).where(col(User.account_id) == account_id, col(User.id) == key.user_id)
    return key, (await session.exec(owner)).one()


async def list_keys(
    session: Session, account_id: UUID, position: Position
) -> Sequence[tuple[ApiKey, User]]:
    """Keys with their users, oldest first; one more than the page shows."""
    statement = (
        select(ApiKey, User)
        .join(
            User,
            (col(User.account_id) == col(ApiKey.account_id))
            & (col(User.id) == col(ApiKey.user_id)),
        )
        .where(col(ApiKey.account_id) == account_id)
        .order_by(col(ApiKey.id))
        .limit(position.fetch_rows)
    )
    if position.after is not None:
        statement = statement.where(col(ApiKey.id) > position.after)
    return [(key, user) for key, user in (await session.exec(statement)).all()]


async def end_predecessors(
    session: Session, account_id: UUID, key_id: UUID, *, at: datetime
) -> None:
    """Let the keys that this one replaced expire no later than `at`."""
    await session.exec(
        update(ApiKey)
        .where(col(ApiKey.account_id) == account_id, col(ApiKey.rotated_to) == key_id)
        .values(expires_at=func.least(func.coalesce(col(ApiKey.expires_at), at), at))
    )
