from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import of_account


class Integration(SQLModel, table=True):
    """How the fields of a foreign webhook become the fields of a response."""

    __tablename__ = "integrations"
    __table_args__ = (of_account(),)

    account_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True)
    mapping: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = Field(default=1)
    updated_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("now()")}
    )
