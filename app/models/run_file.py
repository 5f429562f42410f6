from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import belongs_to


class RunFile(SQLModel, table=True):
    """A file that a run has left, and where it lies in the store."""

    __tablename__ = "run_files"
    __table_args__ = (belongs_to("runs", "run_id"),)

    account_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True)
    media_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    stored_as: str
    created_at: datetime = Field(sa_type=UtcDateTime)
