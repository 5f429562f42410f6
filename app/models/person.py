from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, one_of
from app.models.states import PersonKind
from app.models.storage import GROWING


class Person(Owned, table=True):
    """A lead or a contact; found by id, external id or folded e-mail."""

    __tablename__ = "people"
    # Its account without a foreign key: intake would write a lock into the account's row each time.
    __table_args__ = (
        one_of("kind", PersonKind),
        Index(
            "uq_people_external_id",
            "account_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "uq_people_email_folded",
            "account_id",
            "email_folded",
            unique=True,
            postgresql_where=text("email_folded IS NOT NULL"),
        ),
        # Room on the page keeps the updates of scores and statuses off the indexes (HOT).
        {"postgresql_with": {"fillfactor": "80"} | GROWING},
    )

    kind: PersonKind = Field(default=PersonKind.LEAD, sa_type=word(PersonKind))
    email: str | None = None
    email_folded: str | None = Field(default=None, description="Trimmed and case-folded.")
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    phone: str | None = None
    country: str | None = None
    industry: str | None = None
    lead_source: str | None = None
    score: int = Field(default=0, sa_type=BigInteger)
    owner: str | None = None
    opted_out: bool = False
    email_opted_out: bool = False
    sms_opted_out: bool = False
    attributes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    converted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    nurture_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    response_status: str | None = None
    active_response_id: UUID | None = None
    last_response_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
