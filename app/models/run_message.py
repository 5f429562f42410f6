from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime
from app.models.owned import Owned, of_account


class RunMessage(Owned, table=True):
    """A message that the code of a run asked for; to be sent to whom its job's alerts go.

    Written while the code runs, under its run's token, and posted in the same transaction; it stays
    for a month after it.
    """

    __tablename__ = "run_messages"
    __table_args__ = (
        of_account(),
        Index("ix_run_messages_run", "account_id", "run_id"),
        Index("ix_run_messages_due", "account_id", "due_at"),
    )

    run_id: UUID
    due_at: datetime = Field(sa_type=UtcDateTime, description="From when on it is to be sent.")
    sent_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was posted."
    )
    type: str = Field(description="Success or Failure, in the words of the template.")
    subject: str
    body: str
    is_html: bool
    attachments: list[Any] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="[{name, content in base 64}].",
    )
