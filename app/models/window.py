from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, of_account, one_of
from app.models.states import CloseReason


class Window(Owned, table=True):
    """Responses of one integration user to one campaign, held to be scored together."""

    __tablename__ = "windows"
    __table_args__ = (
        of_account(),
        one_of("closed_by", CloseReason),
        Index(
            "uq_windows_open",
            "account_id",
            "user_id",
            "campaign_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_windows_closing", "closes_at", postgresql_where=text("closed_at IS NULL")),
    )

    user_id: UUID
    user_name: str
    campaign_id: UUID
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime, description="Written once; never moves.")
    full_rows: int = Field(description="With so many members it closes by size.")
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: CloseReason | None = Field(default=None, sa_type=word(CloseReason))
    closed_who: str | None = Field(default=None, description="The user that flushed it.")
    closed_rows: int | None = Field(default=None, description="Members at the moment of closing.")
