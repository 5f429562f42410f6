from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, belongs_to, of_account, one_of
from app.models.states import OpportunityState


class Opportunity(Owned, table=True):
    """A deal; while it is open, its contacts' responses are not opened again."""

    __tablename__ = "opportunities"
    __table_args__ = (
        of_account(),
        one_of("state", OpportunityState),
        UniqueConstraint("account_id", "external_id"),
    )

    external_id: str | None = None
    name: str
    state: OpportunityState = Field(default=OpportunityState.OPEN, sa_type=word(OpportunityState))
    amount: Decimal | None = Field(default=None, sa_type=Numeric(18, 2))
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OpportunityContact(SQLModel, table=True):
    """A person's role in a deal."""

    __tablename__ = "opportunity_contacts"
    __table_args__ = (
        belongs_to("opportunities", "opportunity_id"),
        belongs_to("people", "person_id"),
        Index("ix_opportunity_contacts_person", "account_id", "person_id"),
    )

    account_id: UUID = Field(primary_key=True)
    opportunity_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    role: str | None = None
