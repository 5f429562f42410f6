from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import one_of
from app.models.pending import BUSY
from app.models.states import RunKind


class PendingRun(SQLModel, table=True):
    """A run to be worked on, and who does; gone once the run has ended.

    `due_at` is business time, `leased_until` real time. A token is given out with every claim;
    who holds an older one writes nothing more.
    """

    __tablename__ = "pending_runs"
    __table_args__ = (
        one_of("kind", RunKind),
        Index(
            "ix_pending_runs_job",
            "account_id",
            "job_id",
            "run_id",
            postgresql_where=text("job_id IS NOT NULL"),
        ),
        BUSY,
    )

    account_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    kind: RunKind = Field(sa_type=word(RunKind))
    job_id: UUID | None = None
    is_buffered: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="Waits until the job's earlier runs have ended.",
    )
    due_at: datetime = Field(sa_type=UtcDateTime)
    token: int = Field(default=0, sa_type=BigInteger)
    holder: str | None = None
    leased_until: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("'-infinity'")}
    )
