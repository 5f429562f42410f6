"""Campaigns as callers see them."""

from collections.abc import Sequence
from uuid import UUID

from app.campaigns.schemas import CampaignRead
from app.core.db import Session
from app.models import Campaign
from app.notifications.alerts.queries import read_policy


async def read(
    session: Session, account_id: UUID, campaigns: Sequence[Campaign]
) -> list[CampaignRead]:
    """These campaigns; of those with a schedule, whether somebody hears of a launch that fails."""
    policy = await read_policy(session, account_id)
    return [
        CampaignRead.model_validate(
            {
                **campaign.model_dump(),
                "warnings": [] if campaign.auto_launch is None else policy.warnings,
            }
        )
        for campaign in campaigns
    ]
