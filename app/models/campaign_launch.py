from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.group_states import LaunchCause
from app.models.owned import Owned, belongs_to, one_of


class CampaignLaunch(Owned, table=True):
    """That a campaign was launched, and by what: once for each cause."""

    __tablename__ = "campaign_launches"
    __table_args__ = (
        belongs_to("campaigns", "campaign_id"),
        one_of("cause", LaunchCause),
        UniqueConstraint(
            "account_id", "campaign_id", "cause", "cause_id", name="uq_campaign_launches_cause"
        ),
    )

    campaign_id: UUID
    cause: LaunchCause = Field(sa_type=word(LaunchCause))
    cause_id: UUID = Field(
        description="The first run of a group's chain; the run of a planned launch; its own id."
    )
    run_id: UUID | None = Field(default=None, description="The run that launched it.")
    requested_by: str | None = None
    reason: str | None = None
    launched_at: datetime = Field(sa_type=UtcDateTime)
