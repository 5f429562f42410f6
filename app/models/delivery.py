from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.delivery_states import DeliveryState
from app.models.owned import Owned, one_of
from app.models.pending import BUSY


class Delivery(Owned, table=True):
    """One event for one endpoint: what came of each attempt.

    No foreign keys: it outlives its endpoint, and its event is forgotten with it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("state", DeliveryState),
        Index("ix_deliveries_endpoint", "account_id", "endpoint_id", "id"),
        {"postgresql_with": {"fillfactor": "75"}},
    )

    endpoint_id: UUID
    event_id: UUID
    type: str = Field(description="Of the event.")
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=word(DeliveryState))
    attempts: int = 0
    log: list[dict[str, Any]] = Field(
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="The last attempts, in their order.",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PendingDelivery(SQLModel, table=True):
    """A delivery to be attempted, and who does; gone once it has succeeded or been given up.

    `due_at` is business time, `leased_until` real time. `attempts` is the token: who holds an
    older one records nothing.
    """

    __tablename__ = "pending_deliveries"
    __table_args__ = (
        Index("ix_pending_deliveries_due", "account_id", "endpoint_id", "due_at", "delivery_id"),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    delivery_id: UUID = Field(primary_key=True)
    endpoint_id: UUID
    event_id: UUID
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    attempts_before: int = Field(default=0, description="Those before the last replay.")
    leased_until: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("'-infinity'")}
    )
