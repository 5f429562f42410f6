"""The wire shapes of windows."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import Moment, Wire
from app.models.states import CloseReason


class HoldOrder(Wire):
    """Until when a window stays open; at most 24 hours ahead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-03-02T12:00:00Z"}]})

    until: Moment


class WindowKeyRead(BaseModel):
    """What holds responses together."""

    user: str
    campaign_id: UUID


class WindowRead(BaseModel):
    """A window: its key, its members, when it opened and closes, and why it closed."""

    id: UUID
    key: WindowKeyRead
    members: int = Field(description="Waiting in it now; once closed, how many were in it then.")
    opened_at: datetime
    closes_at: datetime = Field(description="Opening + delay; never moves.")
    held_until: datetime | None
    held_by: str | None
    closed_at: datetime | None
    closed_by: CloseReason | None = Field(description="Why it closed.")
    closed_who: str | None = Field(description="Who flushed or released it.")
