from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class Pulse(SQLModel, table=True):
    """One row: when a worker last told the outside that planning goes on; real time."""

    __tablename__ = "pulse"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    sent_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("'-infinity'")}
    )
