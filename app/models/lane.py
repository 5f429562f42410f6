from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class Lane(SQLModel, table=True):
    """The one-at-a-time track of a campaign: who works it, until when, under which token.

    `leased_until` is real time. `run_id` is the drain under way; a worker that takes over
    goes on with the same run.
    """

    __tablename__ = "lanes"
    __table_args__ = (
        # A drain whose worker died is found by its run, without a walk over all lanes.
        Index(
            "ix_lanes_unfinished",
            "account_id",
            "campaign_id",
            postgresql_where=text("run_id IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    account_id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(primary_key=True)
    token: int = Field(default=0, sa_type=BigInteger)
    holder: str | None = None
    leased_until: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("'-infinity'")}
    )
    run_id: UUID | None = None
