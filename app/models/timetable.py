from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import of_account, one_of
from app.models.pending import BUSY
from app.models.states import OwnerKind

_FALSE = {"server_default": text("false")}


class Timetable(SQLModel, table=True):
    """When something with a live schedule is due next; gone with the schedule or its life."""

    __tablename__ = "timetables"
    __table_args__ = (
        of_account(),
        one_of("owner_kind", OwnerKind),
        CheckConstraint("skips_left >= 0", name="skips_left"),
        Index("ix_timetables_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "75"}},
    )

    account_id: UUID = Field(primary_key=True)
    owner_kind: OwnerKind = Field(sa_type=word(OwnerKind), primary_key=True)
    owner_id: UUID = Field(primary_key=True)
    schedule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    since: datetime = Field(
        sa_type=UtcDateTime, description="From when on failures in a row count."
    )
    planned_until: datetime = Field(
        sa_type=UtcDateTime, description="Every fire up to then is in the ledger."
    )
    next_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The first planned moment after that."
    )
    is_paused: bool = Field(default=False, sa_column_kwargs=_FALSE)
    paused_by: str | None = Field(default=None, description="None: by its failures.")
    pause_reason: str | None = None
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    skips_left: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    skip_by: str | None = None
    skip_reason: str | None = None
    is_maintenance: bool = Field(default=False, sa_column_kwargs=_FALSE)
    tries: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="How often its due moments could not be fired, since they last were.",
    )
    held_up_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    try_again_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Both of one that is held up; real time."
    )


class PendingExpiry(SQLModel, table=True):
    """Something whose definition has an end: when to warn of it, or to expire it."""

    __tablename__ = "pending_expiries"
    __table_args__ = (
        one_of("owner_kind", OwnerKind),
        Index("ix_pending_expiries_due", "due_at"),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    owner_kind: OwnerKind = Field(sa_type=word(OwnerKind), primary_key=True)
    owner_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
