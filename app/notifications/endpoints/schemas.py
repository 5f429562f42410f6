"""The wire shapes of webhook endpoints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.values import Flag, Text, Wire
from app.models.delivery_states import DisableReason
from app.notifications.outbox import EventType

Address = Annotated[
    Text,
    Field(
        min_length=1,
        description="https, and public: checked at every connection. Redirects are not followed.",
    ),
]
Filter = Annotated[
    list[EventType],
    Field(max_length=100, description="The types of events it gets; empty: all."),
    AfterValidator(lambda words: list(dict.fromkeys(words))),
]


class WebhookEndpointCreate(Wire):
    """An address that events are to be posted to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.example.com/penstock",
                    "description": "Tells the channel of the campaign team",
                    "events": ["run.failed", "run.refused", "fire.not_run", "job.overdue"],
                }
            ]
        }
    )

    url: Address
    description: Text | None = None
    events: Filter = Field(default_factory=list)
    enabled: Flag = True


class WebhookEndpointPatch(Wire):
    """What to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    url: Address = ""
    description: Text | None = None
    events: Filter = Field(default_factory=list)
    enabled: Flag = True


class WebhookEndpointRead(BaseModel):
    """An endpoint without its secret."""

    id: UUID
    url: str
    description: str | None
    events: list[EventType]
    enabled: bool
    disabled_reason: DisableReason | None = Field(
        description="Why it was disabled by itself: `gone`, it answered 410; `failing`, 5 days of"
        " nothing but failure."
    )
    failing_since: datetime | None = Field(
        description="The first failure after the last success; null while it works."
    )
    previous_secret_until: datetime | None = Field(
        description="Until then the secret before the last rotation signs, too."
    )
    created_at: datetime
    updated_at: datetime


class WebhookEndpointCreated(BaseModel):
    """An endpoint and its new secret, shown this once."""

    secret: str | None = Field(
        description="`whsec_…`, as Standard Webhooks has it; null in a repeated answer."
    )
    webhook_endpoint: WebhookEndpointRead
