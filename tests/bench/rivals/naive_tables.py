"""A2's tables, as an ORM's tutorial has them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime
from sqlmodel import Field, SQLModel

PENDING, QUALIFIED, RESOLVED = "Pending", "Open - Not Contacted", "Resolved - No Action Required"


class Campaign(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    score: int = 0
    threshold: int = 100
    responses: int = 0


class Person(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    industry: str | None = None
    score: int = 0
    attributes: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))


class Response(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    external_id: str | None = Field(default=None, index=True)
    person_id: int | None = Field(foreign_key="person.id", index=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    status: str = PENDING
    score: int = 0
    total: int | None = None
    attributes: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))
    received_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
