from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.core.ids import NIL, uuid7

# Installation keys belong to a user of this account; it has no other data.
INSTALLATION = NIL


class Account(SQLModel, table=True):
    """A tenant: name, time zone, plan."""

    __tablename__ = "accounts"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(unique=True)
    timezone: str = Field(default="UTC", description="IANA name; days of quotas are its days.")
    plan: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    code_allow_list: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"),
        description="Hosts that its code may reach besides public ones.",
    )
    code_only_listed: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="Its code reaches the listed hosts and no others.",
    )
    version: int = Field(default=1)
    created_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("now()")}
    )
