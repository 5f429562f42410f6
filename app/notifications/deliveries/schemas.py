"""The wire shapes of deliveries."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.delivery_states import DeliveryState
from app.notifications.outbox import EventType


class AttemptRead(BaseModel):
    """One attempt, and what came back."""

    attempt: int
    at: datetime = Field(description="When it had ended.")
    status: int | None = Field(description="Of the answer; null if there was none.")
    error: str | None = Field(
        description="Why there was none: `address_refused`, `not_reached`, `too_slow`."
    )
    detail: str | None = Field(description="The same in a sentence.")
    answer: str | None = Field(description="How the answer began, cut at 1,000 characters.")
    took_ms: int


class DeliveryRead(BaseModel):
    """One event for one endpoint."""

    id: UUID
    webhook_endpoint_id: UUID
    event_id: UUID = Field(description="The `webhook-id` of every attempt, replays included.")
    type: EventType
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None = Field(description="Null once it is over.")
    log: list[AttemptRead] = Field(description="The last 10 attempts, in their order.")
    created_at: datetime
    finished_at: datetime | None


class TestSent(BaseModel):
    """A test on its way."""

    delivery_id: UUID
    event_id: UUID = Field(description="The `webhook-id` of the test.")
