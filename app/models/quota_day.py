from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import belongs_to, of_account

_NOTHING = {"server_default": text("'0'")}


class AccountDay(SQLModel, table=True):
    """What an account has used up of one of its calendar days, in its time zone."""

    __tablename__ = "account_days"
    __table_args__ = (of_account(),)

    account_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    executions: int = Field(default=0, sa_column_kwargs=_NOTHING)
    booked: timedelta = Field(
        default=timedelta(), sa_type=Interval, sa_column_kwargs=_NOTHING,
        description="Of attempts that have ended.",
    )  # fmt: skip
    reserved: timedelta = Field(
        default=timedelta(), sa_type=Interval, sa_column_kwargs=_NOTHING,
        description="Of attempts that are at work, where the plan reserves.",
    )  # fmt: skip
    used_up_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was told that nothing is left."
    )


class JobDay(SQLModel, table=True):
    """What one job has used up of its account's calendar day."""

    __tablename__ = "job_days"
    __table_args__ = (belongs_to("jobs", "job_id"),)

    account_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    invocations: int = Field(default=0, sa_column_kwargs=_NOTHING)
    booked: timedelta = Field(default=timedelta(), sa_type=Interval, sa_column_kwargs=_NOTHING)
    reserved: timedelta = Field(default=timedelta(), sa_type=Interval, sa_column_kwargs=_NOTHING)
