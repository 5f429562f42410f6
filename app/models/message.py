from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.core.ids import uuid7
from app.models.owned import Owned, belongs_to, of_account, one_of
from app.models.pending import BUSY
from app.models.states import CopyState


class Message(Owned, table=True):
    """An e-mail that somebody is to have; each recipient gets a copy of his own."""

    __tablename__ = "messages"
    __table_args__ = (of_account(), Index("ix_messages_made", "account_id", "made_at"))

    cause: str = Field(description="What it is about, e.g. `run`.")
    cause_id: UUID
    subject: str
    text: str
    html: str | None = None
    attachments: list[Any] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="[{name, content in base 64}].",
    )
    made_at: datetime = Field(sa_type=UtcDateTime)


class MessageCopy(Owned, table=True):
    """What one recipient gets; its id makes the `Message-ID`, the same at every attempt."""

    __tablename__ = "message_copies"
    __table_args__ = (
        belongs_to("messages", "message_id"),
        one_of("state", CopyState),
        Index("ix_message_copies_message", "account_id", "message_id"),
    )

    message_id: UUID
    recipient: str
    state: CopyState = Field(default=CopyState.WAITING, sa_type=word(CopyState))
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = Field(default=None, description="What the last attempt met.")


class PendingCopy(SQLModel, table=True):
    """A copy to be sent, and who is at it; gone once it was, or cannot be.

    `due_at` is business time, `leased_until` real time. `attempts` is the token: whoever holds an
    older one records nothing.
    """

    __tablename__ = "pending_copies"
    __table_args__ = (Index("ix_pending_copies_due", "due_at"), BUSY)

    account_id: UUID = Field(primary_key=True)
    copy_id: UUID = Field(default_factory=uuid7, primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": sql("0")})
    leased_until: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": sql("'-infinity'")}
    )
