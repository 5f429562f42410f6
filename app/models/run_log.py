"""The log of a run, packed: some hundreds of lines a row.

Whoever writes holds the run's place in the queue in the same transaction, so the numbers of one
run's chunks are in the order of their commits, and a reader's cursor over them misses nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import belongs_to


class RunLogChunk(SQLModel, table=True):
    """Lines of one run, in their order."""

    __tablename__ = "run_log_chunks"
    __table_args__ = (belongs_to("runs", "run_id"),)

    account_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    first_line: int = Field(
        primary_key=True, sa_type=BigInteger, description="Number of its first line, from 1."
    )
    lines: int
    levels: int = Field(sa_type=SmallInteger, description="A bit for each level that occurs.")
    size_bytes: int = Field(description="What its lines count of a log's room.")
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    written_at: datetime = Field(sa_type=UtcDateTime)
