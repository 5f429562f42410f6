from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import one_of
from app.models.states import Stage


class RowFailure(SQLModel, table=True):
    """A response that no chunk could take: set aside alone, with the reason."""

    __tablename__ = "row_failures"
    __table_args__ = (one_of("stage", Stage),)

    account_id: UUID = Field(primary_key=True)
    response_id: UUID = Field(primary_key=True)
    stage: Stage = Field(sa_type=word(Stage))
    campaign_id: UUID
    run_id: UUID
    code: str = Field(description="PostgreSQL's SQLSTATE, or a code of ours.")
    detail: str
    failed_at: datetime = Field(sa_type=UtcDateTime)
