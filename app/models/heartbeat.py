from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class Heartbeat(SQLModel, table=True):
    """A sign of life of one worker process, in real time."""

    __tablename__ = "heartbeats"

    worker_id: UUID = Field(primary_key=True)
    host: str
    pid: int
    counts: list[Any] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="The worker's counters: [name, labels, value].",
    )
    sandbox: str | None = Field(
        default=None,
        description="Why it runs no code of customers; empty: it does; None: it is finding out.",
    )
    started_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    seen_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
