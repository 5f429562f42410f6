from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class Heartbeat(SQLModel, table=True):
    """A sign of life of one worker process, in real time."""

    __tablename__ = "heartbeats"

    worker_id: UUID = Field(primary_key=True)
    host: str
    pid: int
    started_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    seen_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
