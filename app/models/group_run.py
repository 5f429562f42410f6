from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import of_account, one_of
from app.models.pending import BUSY
from app.models.states import OnFailure, StepState


class GroupRun(SQLModel, table=True):
    """What belongs to a run of a group beside its row among the runs: the group as it was then."""

    __tablename__ = "group_runs"
    __table_args__ = (
        of_account(),
        UniqueConstraint("account_id", "resumes_id", name="uq_group_runs_resumes"),
        Index(
            "ix_group_runs_open",
            "account_id",
            "group_id",
            "run_id",
            postgresql_where=text("NOT is_over"),
        ),
    )

    account_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    group_id: UUID
    chain_id: UUID = Field(description="The first run of a chain of resumes; its own if it is.")
    resumes_id: UUID | None = Field(
        default=None, description="The run that it goes on with; each is resumed once."
    )
    terms: dict[str, Any] = Field(
        sa_column=Column(JSONB, nullable=False),
        description="{name, launch_campaigns, notify_on, recipients} as the chain began.",
    )
    is_over: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class GroupStep(SQLModel, table=True):
    """One job of a group's run, and what became of it."""

    __tablename__ = "group_steps"
    __table_args__ = (
        of_account(),
        one_of("state", StepState),
        one_of("on_failure", OnFailure),
        Index(
            "ix_group_steps_awaited",
            "account_id",
            "awaited_run_id",
            postgresql_where=text("awaited_run_id IS NOT NULL"),
        ),
    )

    account_id: UUID = Field(primary_key=True)
    group_run_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=SmallInteger)
    job_id: UUID
    job_name: str
    on_failure: OnFailure = Field(sa_type=word(OnFailure))
    always: bool = False
    state: StepState = Field(default=StepState.WAITING, sa_type=word(StepState))
    run_id: UUID | None = Field(default=None, description="The run of its job, once there is one.")
    awaited_run_id: UUID | None = Field(
        default=None,
        description="That run while it goes on, or one of the job that goes before it.",
    )
    error_code: str | None = Field(default=None, description="Why it failed.")


class PendingGroup(SQLModel, table=True):
    """A group's run to be looked after: it was queued, or a run that it waits for has ended.

    Only ever added by whoever is further down, with the ended run in its key, so that nobody
    waits for anybody; deleted by who looks after the group.
    """

    __tablename__ = "pending_groups"
    __table_args__ = (Index("ix_pending_groups_due", "due_at"), BUSY)

    account_id: UUID = Field(primary_key=True)
    group_run_id: UUID = Field(primary_key=True)
    cause_run_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="How often it could not be looked after.",
    )
    held_up_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    try_again_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Both of one that is held up; real time."
    )
