from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, of_account, one_of
from app.models.states import RunKind, RunState, RunTrigger


class Run(Owned, table=True):
    """One execution of anything, with counts and outcome.

    With rows, `total = succeeded + failed + skipped + unprocessed` after every chunk.
    """

    __tablename__ = "runs"
    __table_args__ = (
        of_account(),
        one_of("kind", RunKind),
        one_of("state", RunState),
        one_of("trigger", RunTrigger),
        Index("ix_runs_subject", "account_id", "subject_id", "id"),
        Index(
            "ix_runs_job",
            "account_id",
            "job_id",
            "id",
            postgresql_where=text("job_id IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": "75"}},
    )

    kind: RunKind = Field(sa_type=word(RunKind))
    state: RunState = Field(sa_type=word(RunState))
    trigger: RunTrigger = Field(sa_type=word(RunTrigger))
    subject_id: UUID | None = Field(default=None, description="The campaign of a scoring run.")
    job_id: UUID | None = Field(default=None, description="The job that this is a run of.")
    requested_by: str | None = None
    reason: str | None = None
    attempt: int = 0
    parent_run_id: UUID | None = None
    planned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    schedule_minute: int | None = Field(
        default=None, sa_type=SmallInteger, description="The minute drawn in its schedule's slot."
    )
    queued_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    total: int | None = Field(default=None, sa_type=BigInteger)
    processed: int | None = Field(default=None, sa_type=BigInteger)
    succeeded: int | None = Field(default=None, sa_type=BigInteger)
    failed: int | None = Field(default=None, sa_type=BigInteger)
    skipped: int | None = Field(default=None, sa_type=BigInteger)
    unprocessed: int | None = Field(default=None, sa_type=BigInteger)
    created: int | None = Field(default=None, sa_type=BigInteger)
    updated: int | None = Field(default=None, sa_type=BigInteger)
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    error_code: str | None = None
    error_detail: str | None = None
    code_version: int | None = Field(default=None, description="Of a job's code; pinned.")
    cancel_asked_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Of a run at work, whose worker will see it."
    )
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    token: int = Field(default=0, sa_type=BigInteger)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
