from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.group_states import GroupState, OnFailure
from app.models.owned import Owned, belongs_to, of_account, one_of


class Group(Owned, table=True):
    """An ordered list of jobs, run one at a time; what they launch, who is told, until when."""

    __tablename__ = "groups"
    __table_args__ = (
        of_account(),
        one_of("state", GroupState),
        CheckConstraint("(expires_at IS NOT NULL) <> never_expires", name="expiry"),
        Index(
            "uq_groups_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND state <> 'expired'"),
        ),
    )

    name: str
    description: str | None = None
    launch_campaigns: list[UUID] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(UuidType()), nullable=False, server_default="{}"),
    )
    notify_on: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    recipients: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    schedule: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    never_expires: bool = False
    state: GroupState = Field(default=GroupState.INACTIVE, sa_type=word(GroupState))
    version: int = Field(default=1)
    expiry_warnings: int = Field(
        default=0, sa_type=SmallInteger, description="How many have gone out for this expires_at."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    activated_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Since when it is active; else None."
    )
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GroupMember(SQLModel, table=True):
    """A job of a group, at its place; of one group only."""

    __tablename__ = "group_members"
    __table_args__ = (
        belongs_to("groups", "group_id"),
        belongs_to("jobs", "job_id"),
        one_of("on_failure", OnFailure),
        UniqueConstraint("account_id", "job_id", name="uq_group_members_job"),
    )

    account_id: UUID = Field(primary_key=True)
    group_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=SmallInteger)
    job_id: UUID
    on_failure: OnFailure = Field(sa_type=word(OnFailure))
    always: bool = Field(default=False, description="Runs even after a halt.")
