from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime
from app.models.owned import Owned
from app.models.storage import GROWING


class Event(Owned, table=True):
    """The outbox: what happened, written in the transaction that made it happen.

    `xid` is the writing transaction; readers show only rows below the snapshot's oldest
    running transaction, so that a cursor over (xid, id) never misses a late commit.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_order", "account_id", "xid", "id"),
        {"postgresql_with": GROWING},
    )

    type: str
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    xid: int = Field(
        sa_column=Column(
            BigInteger,
            nullable=False,
            server_default=text("(pg_current_xact_id()::text)::bigint"),
        )
    )
