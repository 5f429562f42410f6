from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime
from app.models.owned import Owned, of_account


class Campaign(Owned, table=True):
    """What people respond to: member statuses, score, threshold, owners."""

    __tablename__ = "campaigns"
    __table_args__ = (of_account(), UniqueConstraint("account_id", "code"))

    code: str
    name: str
    member_statuses: list[dict[str, Any]] = Field(
        sa_column=Column(JSONB, nullable=False),
        description="[{name, responded, step}]; names are unique within the campaign.",
    )
    default_responded_status: str
    score: int = Field(default=0, sa_type=BigInteger)
    threshold: int | None = Field(default=None, sa_type=BigInteger)
    repeat_limit: int | None = None
    owners: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    auto_launch: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    attributes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    launched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
