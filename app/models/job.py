from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Interval, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, of_account, one_of
from app.models.states import JobKind, JobState


class Job(Owned, table=True):
    """Something that can run: what it does, when, how long it may take, until when it lives."""

    __tablename__ = "jobs"
    __table_args__ = (
        of_account(),
        one_of("kind", JobKind),
        one_of("state", JobState),
        CheckConstraint("timeout > interval '0'", name="timeout"),
        CheckConstraint("retries >= 0", name="retries"),
        CheckConstraint("expires_at IS NULL OR NOT never_expires", name="expiry"),
        Index(
            "uq_jobs_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND state <> 'expired'"),
        ),
    )

    name: str
    description: str | None = None
    kind: JobKind = Field(sa_type=word(JobKind))
    config: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    source: bytes | None = Field(
        default=None, description="Sealed: the address an import fetches from, and its headers."
    )
    ad_hoc: bool = False
    schedule: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    timeout: timedelta = Field(sa_type=Interval)
    retries: int = Field(default=0, description="Attempts after the first, of a run that failed.")
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    never_expires: bool = False
    state: JobState = Field(default=JobState.DRAFT, sa_type=word(JobState))
    alert: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    active_version: int | None = Field(default=None, description="Of its code: what runs use.")
    version: int = Field(default=1)
    expiry_warnings: int = Field(
        default=0, sa_type=SmallInteger, description="How many have gone out for this expires_at."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Since when it is published; else None."
    )
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
