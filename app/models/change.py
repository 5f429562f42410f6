from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import of_account, one_of
from app.models.states import OwnerKind


class Change(SQLModel, table=True):
    """Who changed a definition, when, and which of its fields; never to what. Written once."""

    __tablename__ = "changes"
    __table_args__ = (
        of_account(),
        one_of("owner_kind", OwnerKind),
        Index("ix_changes_owner", "account_id", "owner_kind", "owner_id", "id"),
    )

    account_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    owner_kind: OwnerKind = Field(sa_type=word(OwnerKind))
    owner_id: UUID
    deed: str = Field(description="In a word: created, changed, published …")
    fields: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False, server_default="{}"))
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
