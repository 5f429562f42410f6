"""The SQL of webhook endpoints."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import WebhookEndpoint
from app.notifications.endpoints.errors import WebhookEndpointNotFound

# A cursor that is there stays: what is behind it was for the endpoints of its time.
_FIRST = text(
    """
    INSERT INTO webhook_cursors (account_id, xid, event_id)
    VALUES (:account_id, (pg_current_xact_id()::text)::bigint, CAST(:nobody AS uuid))
    ON CONFLICT DO NOTHING
    """
)
_XID = text("SELECT (pg_current_xact_id()::text)::bigint")
# Creations of one account come one after the other, so that they can be counted.
_LOCK = text("SELECT FROM accounts WHERE id = :account_id FOR NO KEY UPDATE")
NOBODY = UUID(int=0)


async def get_endpoint(
    session: Session, account_id: UUID, endpoint_id: UUID, *, lock: bool = False
) -> WebhookEndpoint:
    """Raises WebhookEndpointNotFound."""
    statement = select(WebhookEndpoint).where(
        col(WebhookEndpoint.account_id) == account_id, col(WebhookEndpoint.id) == endpoint_id
    )
    found = (await session.exec(statement.with_for_update() if lock else statement)).one_or_none()
    if found is None:
        raise WebhookEndpointNotFound
    return found


async def list_endpoints(
    session: Session, account_id: UUID, at: Position
) -> Sequence[WebhookEndpoint]:
    """Endpoints, oldest first, behind the position."""
    statement = select(WebhookEndpoint).where(col(WebhookEndpoint.account_id) == account_id)
    if at.after is not None:
        statement = statement.where(col(WebhookEndpoint.id) > at.after)
    found = await session.exec(statement.order_by(col(WebhookEndpoint.id)).limit(at.fetch_rows))
    return found.all()


async def count_endpoints(session: Session, account_id: UUID) -> int:
    """How many there are; nobody adds one before this transaction has ended."""
    await (await session.connection()).execute(_LOCK, {"account_id": account_id})
    found = await session.exec(
        select(func.count()).where(col(WebhookEndpoint.account_id) == account_id)
    )
    return found.one()


async def begin_here(session: Session, account_id: UUID) -> int:
    """The number of this transaction: events of later ones will be turned into deliveries."""
    connection = await session.connection()
    await connection.execute(_FIRST, {"account_id": account_id, "nobody": NOBODY})
    return int((await connection.execute(_XID)).scalar_one())
