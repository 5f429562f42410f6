"""What people can do about deliveries: send a test, send one again."""

from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.models import Delivery
from app.models.delivery_states import DeliveryState
from app.notifications.deliveries import queries
from app.notifications.deliveries.errors import DeliveryPending, EventForgotten
from app.notifications.deliveries.queries import Waiting
from app.notifications.deliveries.schemas import AttemptRead, DeliveryRead, TestSent
from app.notifications.endpoints.errors import WebhookEndpointDisabled
from app.notifications.endpoints.queries import get_endpoint
from app.notifications.outbox import EventType, Happening, emit


async def send_test(
    session: Session, account_id: UUID, endpoint_id: UUID, *, by: str, now: datetime
) -> TestSent:
    """Make an event for this endpoint alone, to be delivered as any other.

    Raises:
        WebhookEndpointNotFound: there is no such endpoint in this account.
        WebhookEndpointDisabled: nothing is sent to it.
    """
    endpoint = await get_endpoint(session, account_id, endpoint_id)
    if not endpoint.enabled:
        raise WebhookEndpointDisabled
    data = {"webhook_endpoint_id": str(endpoint_id), "requested_by": by}
    event = Happening(account_id, EventType.WEBHOOK_ENDPOINT_TESTED, data)
    await emit(session, [event], at=now)
    delivery = Delivery(
        account_id=account_id,
        endpoint_id=endpoint_id,
        event_id=event.id,
        type=event.type.value,
        log=[],
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    await queries.make_due(session, account_id, delivery.id, due_at=now)
    return TestSent(delivery_id=delivery.id, event_id=event.id)


async def replay(
    session: Session, account_id: UUID, delivery_id: UUID, *, now: datetime
) -> Waiting:
    """Send it again, under the same id, with as many attempts as at first.

    Raises:
        DeliveryNotFound: there is no such delivery in this account.
        DeliveryPending: it is on its way as it is.
        WebhookEndpointNotFound, WebhookEndpointDisabled: nothing is sent there.
        EventForgotten: nothing is left to be sent.
    """
    delivery, _ = await queries.get_delivery(session, account_id, delivery_id, lock=True)
    if not delivery.state.may_become(DeliveryState.PENDING):
        raise DeliveryPending
    if not (await get_endpoint(session, account_id, delivery.endpoint_id)).enabled:
        raise WebhookEndpointDisabled
    if not await queries.has_event(session, account_id, delivery.event_id):
        raise EventForgotten
    delivery.state, delivery.finished_at = DeliveryState.PENDING, None
    await session.flush()
    await queries.make_due(session, account_id, delivery_id, due_at=now)
    return delivery, now


def shown(waiting: Waiting) -> DeliveryRead:
    delivery, due_at = waiting
    return DeliveryRead(
        id=delivery.id,
        webhook_endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        type=EventType(delivery.type),
        state=delivery.state,
        attempts=delivery.attempts,
        next_attempt_at=due_at,
        log=[AttemptRead.model_validate(entry) for entry in delivery.log],
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )
