"""How many responses of a campaign stand where: a folded sum and the deltas since."""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field, SQLModel

from app.models.pending import BUSY


class StatusCount(SQLModel, table=True):
    """The sum of the deltas folded so far."""

    __tablename__ = "status_counts"

    account_id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(primary_key=True)
    status: str = Field(primary_key=True)
    n: int = Field(sa_type=BigInteger)


class StatusDelta(SQLModel, table=True):
    """A change of a count; appended, so that no two writers meet on one row."""

    __tablename__ = "status_deltas"
    __table_args__ = (Index("ix_status_deltas_campaign", "account_id", "campaign_id"), BUSY)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    account_id: UUID
    campaign_id: UUID
    status: str
    n: int
