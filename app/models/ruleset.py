from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime
from app.models.owned import Owned, of_account


class Ruleset(Owned, table=True):
    """One version of the scoring rules; never changed, only followed by another."""

    __tablename__ = "rulesets"
    __table_args__ = (
        of_account(),
        UniqueConstraint("account_id", "version"),
        Index(
            "uq_rulesets_active",
            "account_id",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    version: int
    name: str
    rules: list[dict[str, Any]] = Field(
        sa_column=Column(JSONB, nullable=False), description="[{name, criteria, points}]"
    )
    is_active: bool = False
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
