from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Interval, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, belongs_to, of_account, one_of
from app.models.states import ActionType, Enrolment, OnUnmet, SequenceObject, SequenceState


class Sequence(Owned, table=True):
    """A cadence: who comes in, who leaves, and what is done with them in which order."""

    __tablename__ = "sequences"
    __table_args__ = (
        of_account(),
        one_of("state", SequenceState),
        one_of("object", SequenceObject),
        one_of("enrolment", Enrolment),
        Index(
            "uq_sequences_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    name: str
    description: str | None = None
    object: SequenceObject = Field(sa_type=word(SequenceObject))
    state: SequenceState = Field(default=SequenceState.DRAFT, sa_type=word(SequenceState))
    entrance: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    exit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    enrolment: Enrolment = Field(default=Enrolment.MANUAL, sa_type=word(Enrolment))
    may_reenter: bool = False
    looked_until: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="Changes of people up to then were looked at; None: everybody is.",
    )
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SequenceAction(Owned, table=True):
    """A step of a sequence. Of one that was taken out, the row stays for those who did it."""

    __tablename__ = "sequence_actions"
    __table_args__ = (
        belongs_to("sequences", "sequence_id"),
        one_of("type", ActionType),
        one_of("on_unmet", OnUnmet),
        CheckConstraint("NOT is_automatic OR type = 'email'", name="automatic_email"),
        Index(
            "uq_sequence_actions_position",
            "account_id",
            "sequence_id",
            "position",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    sequence_id: UUID
    position: int = Field(sa_type=SmallInteger, description="From 0.")
    type: ActionType = Field(sa_type=word(ActionType))
    is_automatic: bool = False
    delay: timedelta = Field(sa_type=Interval, description="After the action before.")
    criteria: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    on_unmet: OnUnmet = Field(default=OnUnmet.WAIT, sa_type=word(OnUnmet))
    priority: int = Field(default=0, sa_type=SmallInteger)
    subject: str | None = None
    body: str | None = None
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
