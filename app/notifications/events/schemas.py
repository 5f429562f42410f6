"""The wire shape of the feed of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.notifications.outbox import EventType


class EventRead(BaseModel):
    """An event, as webhooks carry it; the document's webhooks have the shape of each `data`."""

    id: UUID = Field(description="The `webhook-id` of its deliveries.")
    type: EventType
    timestamp: datetime
    data: dict[str, Any]


class EventPage(BaseModel):
    """One page of events, in the order of commits."""

    items: list[EventRead]
    next_cursor: str | None = Field(description="Null where there is nothing more now.")
    latest_cursor: str | None = Field(
        description="Behind the last event shown: ask with it later for what has come since."
    )
