from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import of_account


class AlertPolicy(SQLModel, table=True):
    """Who is told of an account's runs where a job or group does not say it, and of which."""

    __tablename__ = "alert_policies"
    __table_args__ = (of_account(),)

    account_id: UUID = Field(primary_key=True)
    emails: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    on: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    updated_at: datetime = Field(sa_type=UtcDateTime)
    updated_by: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
