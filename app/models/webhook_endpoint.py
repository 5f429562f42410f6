from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.delivery_states import DisableReason
from app.models.owned import Owned, of_account, one_of


class WebhookEndpoint(Owned, table=True):
    """An address that events are posted to, and which of them."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (of_account(), one_of("disabled_reason", DisableReason))

    url: str
    description: str | None = None
    events: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False), description="Their types; empty: all."
    )
    enabled: bool = True
    disabled_reason: DisableReason | None = Field(default=None, sa_type=word(DisableReason))
    since_xid: int = Field(
        sa_type=BigInteger, description="Only events of later transactions are for it."
    )
    secret: bytes = Field(description="Sealed.")
    previous_secret: bytes | None = Field(default=None, description="Sealed; signs until then:")
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The first failure after the last success."
    )
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class WebhookCursor(SQLModel, table=True):
    """How far an account's events have been turned into deliveries, in the order of commits."""

    __tablename__ = "webhook_cursors"

    account_id: UUID = Field(primary_key=True)
    xid: int = Field(sa_type=BigInteger)
    event_id: UUID
