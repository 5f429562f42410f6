from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, Interval
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class BusinessClock(SQLModel, table=True):
    """One row: how far business time is ahead of the database's clock, and where it is going."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    offset: timedelta = Field(sa_type=Interval)
    target: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_id: UUID | None = None
