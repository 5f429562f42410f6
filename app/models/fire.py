from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import one_of
from app.models.states import FireOutcome, FireReason, OwnerKind


class Fire(SQLModel, table=True):
    """One planned moment and what became of it: a run, or why there is none. Written once.

    Ids grow with the planned moment, so that their order is that of the ledger's pages.
    """

    __tablename__ = "fires"
    __table_args__ = (
        one_of("owner_kind", OwnerKind),
        one_of("outcome", FireOutcome),
        one_of("reason", FireReason),
        CheckConstraint(
            "(outcome = 'ran') = (run_id IS NOT NULL) AND (outcome = 'ran') = (reason IS NULL)",
            name="run_or_reason",
        ),
        Index("ix_fires_order", "account_id", "id", unique=True),
    )

    account_id: UUID = Field(primary_key=True)
    owner_kind: OwnerKind = Field(sa_type=word(OwnerKind), primary_key=True)
    owner_id: UUID = Field(primary_key=True)
    planned_at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    id: UUID
    outcome: FireOutcome = Field(sa_type=word(FireOutcome))
    reason: FireReason | None = Field(default=None, sa_type=word(FireReason))
    run_id: UUID | None = None
    by: str | None = Field(default=None, description="Who paused or skipped it.")
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    recorded_at: datetime = Field(sa_type=UtcDateTime)
