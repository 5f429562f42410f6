from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import of_account


class ScoringSettings(SQLModel, table=True):
    """An account's scoring settings; an account without a row has the defaults."""

    __tablename__ = "scoring_settings"
    __table_args__ = (of_account(),)

    account_id: UUID = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = Field(default=1)
    updated_at: datetime = Field(sa_type=UtcDateTime)
