"""The SQL of the history of definitions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.core.ids import uuid7_at
from app.core.pages import Position
from app.models import Change
from app.models.states import OwnerKind

Deed: TypeAlias = Literal[
    "created",
    "changed",
    "deleted",
    "published",
    "unpublished",
    "activated",
    "deactivated",
    "launched",
    "variables_replaced",
    "code_uploaded",
    "version_activated",
    "skip_ordered",
    "skip_undone",
]
_NOTE = """
INSERT INTO changes (account_id, id, owner_kind, owner_id, deed, fields, by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def note(
    session: Transaction,
    owner: tuple[UUID, OwnerKind, UUID],
    deed: Deed,
    *,
    by: str,
    now: datetime,
    fields: Iterable[str] = (),
) -> None:
    """Write down who did what to a definition, in the transaction that does it.

    Args:
        owner: account, kind and id of the definition.
        fields: names only; what they say now is for the definition to show.
    """
    account_id, kind, owner_id = owner
    driver = await driver_of(session)
    await driver.execute(
        _NOTE, account_id, uuid7_at(now), kind.value, owner_id, deed, sorted(fields), by, now
    )


async def list_changes(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    owner_kind: OwnerKind | None = None,
    owner_id: UUID | None = None,
) -> Sequence[Change]:
    """A page of the account's changes, the newest first."""
    statement = select(Change).where(col(Change.account_id) == account_id)
    if owner_kind is not None:
        statement = statement.where(col(Change.owner_kind) == owner_kind.value)
    if owner_id is not None:
        statement = statement.where(col(Change.owner_id) == owner_id)
    if at.after is not None:
        statement = statement.where(col(Change.id) < at.after)
    found = await session.exec(statement.order_by(col(Change.id).desc()).limit(at.fetch_rows))
    return found.all()
