"""The SQL of integrations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.core.db import Session
from app.models import Integration
from app.responses.integrations.errors import IntegrationNotFound


async def get_integration(
    session: Session, account_id: UUID, name: str, *, lock: bool = False
) -> Integration:
    """Raises IntegrationNotFound."""
    statement = select(Integration).where(
        col(Integration.account_id) == account_id, col(Integration.name) == name
    )
    found = await session.exec(statement.with_for_update() if lock else statement)
    integration = found.one_or_none()
    if integration is None:
        raise IntegrationNotFound
    return integration


async def list_integrations(session: Session, account_id: UUID) -> Sequence[Integration]:
    """All of them, by name."""
    found = await session.exec(
        select(Integration)
        .where(col(Integration.account_id) == account_id)
        .order_by(col(Integration.name))
    )
    return found.all()


async def count_integrations(session: Session, account_id: UUID) -> int:
    found = await session.exec(
        select(func.count()).where(col(Integration.account_id) == account_id)
    )
    return found.one()


async def lock_integration(
    session: Session, account_id: UUID, name: str, *, now: datetime
) -> Integration:
    """The row to be changed; where there was none, an empty one of version 0."""
    await session.exec(
        insert(Integration)
        .values(account_id=account_id, name=name, mapping={}, version=0, updated_at=now)
        .on_conflict_do_nothing()
    )
    return await get_integration(session, account_id, name, lock=True)
