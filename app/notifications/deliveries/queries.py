"""The SQL of the log of deliveries; taking and recording them have modules of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import driver_of
from app.core.pages import Position
from app.models import Delivery, Event, PendingDelivery
from app.models.delivery_states import DeliveryState
from app.notifications.deliveries.errors import DeliveryNotFound

Waiting = tuple[Delivery, datetime | None]

# A row made anew: the log and the number of attempts go on.
_AGAIN = """
INSERT INTO pending_deliveries
       (account_id, delivery_id, endpoint_id, event_id, due_at, attempts, attempts_before)
SELECT account_id, id, endpoint_id, event_id, $3, attempts, attempts
  FROM deliveries WHERE account_id = $1 AND id = $2
"""


def _with_due(account_id: UUID) -> Any:  # SQLModel's own type of a pair says less
    return (
        select(Delivery, col(PendingDelivery.due_at))
        .outerjoin(
            PendingDelivery,
            (col(PendingDelivery.account_id) == account_id)
            & (col(PendingDelivery.delivery_id) == col(Delivery.id)),
        )
        .where(col(Delivery.account_id) == account_id)
    )


async def get_delivery(
    session: Session, account_id: UUID, delivery_id: UUID, *, lock: bool = False
) -> Waiting:
    """A delivery and when it is due; raises DeliveryNotFound."""
    statement = _with_due(account_id).where(col(Delivery.id) == delivery_id)
    if lock:
        statement = statement.with_for_update(of=Delivery)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise DeliveryNotFound
    return found[0], found[1]


async def list_deliveries(
    session: Session,
    account_id: UUID,
    endpoint_id: UUID | None,
    at: Position,
    *,
    state: DeliveryState | None,
) -> Sequence[Waiting]:
    """Deliveries to one endpoint, or to all, newest first, behind the position."""
    statement = _with_due(account_id)
    if endpoint_id is not None:
        statement = statement.where(col(Delivery.endpoint_id) == endpoint_id)
    if state is not None:
        statement = statement.where(col(Delivery.state) == state)
    if at.after is not None:
        statement = statement.where(col(Delivery.id) < at.after)
    ordered = statement.order_by(col(Delivery.id).desc()).limit(at.fetch_rows)
    return [(row[0], row[1]) for row in await session.exec(ordered)]


async def has_event(session: Session, account_id: UUID, event_id: UUID) -> bool:
    found = await session.exec(
        select(Event.id).where(col(Event.account_id) == account_id, col(Event.id) == event_id)
    )
    return found.first() is not None


async def make_due(
    session: Session, account_id: UUID, delivery_id: UUID, *, due_at: datetime
) -> None:
    """Have a delivery attempted, from the first attempt of a series on."""
    driver = await driver_of(session)
    await driver.execute(_AGAIN, account_id, delivery_id, due_at)
