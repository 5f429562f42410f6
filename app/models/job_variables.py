from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime
from app.models.owned import belongs_to


class JobVariables(SQLModel, table=True):
    """What a job's code is given to read: all values sealed together, their names apart."""

    __tablename__ = "job_variables"
    __table_args__ = (belongs_to("jobs", "job_id"),)

    account_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    variables: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    secrets: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    sealed: bytes
    updated_at: datetime = Field(sa_type=UtcDateTime)
