from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, one_of
from app.models.states import Mode, ResponseStatus
from app.models.storage import GROWING


class Response(Owned, table=True):
    """One campaign-member record: person × campaign × repeat number.

    The status is in no index and no index predicate, so that scoring and resolving stay
    HOT updates. There is no foreign key to campaigns: its check would lock the campaign's
    row in share mode at every intake, and intake takes nothing campaign-wide.
    """

    __tablename__ = "responses"
    __table_args__ = (
        one_of("status", ResponseStatus),
        one_of("mode", Mode),
        Index(
            "uq_responses_person_campaign_repeat",
            "account_id",
            "person_id",
            "campaign_id",
            "repeat_number",
            unique=True,
        ),
        Index("ix_responses_campaign", "account_id", "campaign_id", "id"),
        {"postgresql_with": {"fillfactor": "50"} | GROWING},
    )

    campaign_id: UUID
    person_id: UUID
    repeat_number: int = Field(default=1, sa_type=SmallInteger)
    member_status: str
    is_responded: bool
    status: ResponseStatus = Field(sa_type=word(ResponseStatus))
    mode: Mode = Field(sa_type=word(Mode), description="Decided at intake and kept.")
    is_prompt: bool = False
    user_id: UUID
    user_name: str
    external_id: str | None = None
    responded_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    score: int = Field(default=0, sa_type=BigInteger, description="The response's own part.")
    attributes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    score_total: int | None = Field(default=None, sa_type=BigInteger)
    score_person: int | None = Field(default=None, sa_type=BigInteger)
    score_campaign: int | None = Field(default=None, sa_type=BigInteger)
    score_rules: int | None = Field(default=None, sa_type=BigInteger)
    matched_rules: list[int] | None = Field(
        default=None,
        sa_column=Column(ARRAY(SmallInteger)),
        description="Positions of the rules that matched in that version of the ruleset.",
    )
    ruleset_version: int | None = None
    scored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
