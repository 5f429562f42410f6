"""Who is in a sequence, and what is to be done with them.

participations ──< participant_actions ── pending_actions   the one that comes next, until it is
                                       └─ pending_sends     shown, ended, or an e-mail being sent
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, belongs_to, one_of
from app.models.pending import BUSY
from app.models.states import (
    ActionStatus,
    ActionType,
    DeferralReason,
    ExitReason,
    ParticipationState,
    SequenceObject,
)

_LIVE = text("ended_at IS NULL")


class Participation(Owned, table=True):
    """One object's way through a sequence; at most one of each at a time has not ended."""

    __tablename__ = "participations"
    __table_args__ = (
        belongs_to("sequences", "sequence_id"),
        belongs_to("people", "person_id"),
        one_of("object", SequenceObject),
        one_of("state", ParticipationState),
        one_of("exit_reason", ExitReason),
        Index(
            "uq_participations_live",
            "account_id",
            "sequence_id",
            "object_id",
            "person_id",
            unique=True,
            postgresql_where=_LIVE,
        ),
        Index("ix_participations_object", "account_id", "sequence_id", "object_id", "person_id"),
        Index("ix_participations_sequence", "account_id", "sequence_id", "id"),
        Index("ix_participations_person", "account_id", "person_id", postgresql_where=_LIVE),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    sequence_id: UUID
    object: SequenceObject = Field(sa_type=word(SequenceObject))
    object_id: UUID = Field(description="Of the response, the person or the opportunity.")
    person_id: UUID
    state: ParticipationState = Field(
        default=ParticipationState.ACTIVE, sa_type=word(ParticipationState)
    )
    exit_reason: ExitReason | None = Field(default=None, sa_type=word(ExitReason))
    enrolled_at: datetime = Field(sa_type=UtcDateTime)
    enrolled_by: str | None = Field(default=None, description="None: by the batch.")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ParticipantAction(Owned, table=True):
    """A step of one participant: when it is due, what became of it, and why if nothing did."""

    __tablename__ = "participant_actions"
    __table_args__ = (
        belongs_to("participations", "participation_id"),
        belongs_to("sequence_actions", "action_id"),
        one_of("type", ActionType),
        one_of("status", ActionStatus),
        one_of("deferral_reason", DeferralReason),
        Index(
            "uq_participant_actions_position",
            "account_id",
            "participation_id",
            "position",
            unique=True,
        ),
        Index(
            "ix_participant_actions_shown",
            "account_id",
            "person_id",
            postgresql_where=text("show_on_today"),
        ),
        Index(
            "ix_participant_actions_today",
            "account_id",
            "owner",
            "priority",
            "due_at",
            "id",
            postgresql_where=text("show_on_today"),
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    participation_id: UUID
    action_id: UUID
    sequence_id: UUID
    person_id: UUID
    position: int = Field(sa_type=SmallInteger)
    type: ActionType = Field(sa_type=word(ActionType))
    is_automatic: bool
    priority: int = Field(sa_type=SmallInteger, description="As it was when it was shown.")
    status: ActionStatus = Field(default=ActionStatus.UPCOMING, sa_type=word(ActionStatus))
    due_at: datetime = Field(
        sa_type=UtcDateTime, description="Of one behind the next: as was foreseen at enrolment."
    )
    is_initiated: bool = False
    actual_execution_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    show_on_today: bool = False
    owner: str | None = Field(default=None, description="Whose Today it is on.")
    deferral_reason: DeferralReason | None = Field(default=None, sa_type=word(DeferralReason))
    attempted_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="From then on an e-mail may have left."
    )
    run_id: UUID | None = Field(default=None, description="Of the batch that handled it last.")
    done_by: str | None = None
    note: str | None = Field(default=None, description="A rep's words, or a mail server's.")


class PendingAction(SQLModel, table=True):
    """The next action of a participant, due for a batch at some moment."""

    __tablename__ = "pending_actions"
    __table_args__ = (
        Index("ix_pending_actions_due", "account_id", "sequence_id", "due_at", "action_id"),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    action_id: UUID = Field(primary_key=True, description="Of the participant.")
    sequence_id: UUID
    due_at: datetime = Field(sa_type=UtcDateTime)


class PendingSend(SQLModel, table=True):
    """An e-mail to be sent; attempted, it is not sent again whatever happens."""

    __tablename__ = "pending_sends"
    __table_args__ = (
        Index("ix_pending_sends_next", "account_id", "sequence_id", "action_id"),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    action_id: UUID = Field(primary_key=True, description="Of the participant.")
    sequence_id: UUID
    run_id: UUID = Field(description="Of the batch that took it.")
    attempted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
