from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import of_account, one_of
from app.models.states import OwnerKind


class Watch(SQLModel, table=True):
    """How something that runs stands: its last success, what was told, when the next is missed."""

    __tablename__ = "watches"
    __table_args__ = (
        of_account(),
        one_of("owner_kind", OwnerKind),
        Index("ix_watches_look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "75"}},
    )

    account_id: UUID = Field(primary_key=True)
    owner_kind: OwnerKind = Field(sa_type=word(OwnerKind), primary_key=True)
    owner_id: UUID = Field(primary_key=True)
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="From when on a success is expected."
    )
    failing_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The first failure after the last success."
    )
    down_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Overdue since then, and that was told."
    )
    late_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="None: no success is expected."
    )
    down_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    look_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When to see whether it is down; None: never, or as its run ends.",
    )
