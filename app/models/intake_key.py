from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.storage import GROWING


class IntakeKey(SQLModel, table=True):
    """A user's external id that was taken in once; seen again it is a duplicate."""

    __tablename__ = "intake_keys"
    __table_args__ = (
        Index("ix_intake_keys_received_at", "account_id", "received_at"),
        {"postgresql_with": GROWING},
    )

    account_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    response_id: UUID
    received_at: datetime = Field(sa_type=UtcDateTime)
