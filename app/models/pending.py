"""Work waiting in a lane: narrow rows, appended by intake and deleted by the chunk that did them.

pending_scoring      due_at set:    due then (asynchronous; manual once asked for)
                     window_id set: due when that window is closed
                     neither:       waits for `do_pending_scoring` on its person
pending_resolution   due_at:        at once, or at the end of the score grace
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime

# These tables live from being emptied; autovacuum must come by often.
BUSY = {
    "postgresql_with": {
        "autovacuum_vacuum_scale_factor": "0",
        "autovacuum_vacuum_threshold": "2000",
        "autovacuum_vacuum_insert_scale_factor": "0",
        "autovacuum_vacuum_insert_threshold": "20000",
    }
}


class PendingScoring(SQLModel, table=True):
    """A response that waits to be scored."""

    __tablename__ = "pending_scoring"
    __table_args__ = (
        CheckConstraint("window_id IS NULL OR due_at IS NULL", name="one_reason_to_wait"),
        Index(
            "ix_pending_scoring_due",
            "account_id",
            "campaign_id",
            "priority",
            "due_at",
            "response_id",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_pending_scoring_window",
            "account_id",
            "campaign_id",
            "window_id",
            "response_id",
            postgresql_where=text("window_id IS NOT NULL"),
        ),
        Index("ix_pending_scoring_person", "account_id", "person_id"),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    response_id: UUID = Field(primary_key=True)
    campaign_id: UUID
    person_id: UUID
    window_id: UUID | None = None
    priority: int = Field(default=0, sa_type=SmallInteger, description="1 for rows of uploads.")
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PendingResolution(SQLModel, table=True):
    """A scored response that waits to be resolved."""

    __tablename__ = "pending_resolution"
    __table_args__ = (
        Index(
            "ix_pending_resolution_due",
            "account_id",
            "campaign_id",
            "priority",
            "due_at",
            "response_id",
        ),
        Index(
            "ix_pending_resolution_grace",
            "account_id",
            "person_id",
            postgresql_where=text("has_grace"),
        ),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    response_id: UUID = Field(primary_key=True)
    campaign_id: UUID
    person_id: UUID
    priority: int = Field(default=0, sa_type=SmallInteger)
    due_at: datetime = Field(sa_type=UtcDateTime)
    has_grace: bool = Field(default=False, description="Below the threshold, waiting to rise.")
