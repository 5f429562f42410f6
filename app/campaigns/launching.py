"""Launching campaigns: by call, by a group that went well, by a schedule of the campaign's own.

    wanted ──▶ the campaign's lock ──▶ campaign_launches: once for each cause ──▶ launched_at
                                                       └ there already: nothing   campaign.launched

Nothing is sent here: a launch is a fact, and whoever hears of it acts on it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from app.campaigns import queries
from app.campaigns.errors import CampaignAlreadyLaunched
from app.core.db import Session
from app.core.driver import driver_of
from app.core.ids import uuid7
from app.fires import queries as timetables
from app.models import Campaign
from app.models.group_states import LaunchCause
from app.models.states import OwnerKind
from app.notifications.outbox import EventType, Happening, emit

_LAUNCH = """
INSERT INTO campaign_launches (account_id, id, campaign_id, cause, cause_id, run_id, requested_by,
                               reason, launched_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (account_id, campaign_id, cause, cause_id) DO NOTHING RETURNING 1
"""


class Cause(NamedTuple):
    """By what a campaign is launched; the same one launches it once."""

    cause: LaunchCause
    cause_id: UUID
    run_id: UUID | None = None
    requested_by: str | None = None
    reason: str | None = None


async def launch_by_call(
    session: Session,
    account_id: UUID,
    campaign_id: UUID,
    *,
    again: bool,
    by: str,
    reason: str | None,
    now: datetime,
) -> Campaign:
    """Launch a campaign that somebody asks for.

    Raises:
        CampaignNotFound: there is no such campaign in this account.
        CampaignAlreadyLaunched: it was, and is not to be launched again.
    """
    campaign = await queries.get_campaign(session, account_id, campaign_id, lock=True)
    if campaign.launched_at is not None and not again:
        raise CampaignAlreadyLaunched(launched_at=campaign.launched_at)
    cause = Cause(LaunchCause.API, uuid7(), requested_by=by, reason=reason)
    await launch(session, campaign, cause, now=now)
    return campaign


async def launch(session: Session, campaign: Campaign, cause: Cause, *, now: datetime) -> bool:
    """Launch a campaign, which is locked; False if this cause has done so before."""
    driver = await driver_of(session)
    written = await driver.fetchval(
        _LAUNCH, campaign.account_id, uuid7(), campaign.id, cause.cause.value, *cause[1:], now
    )
    if written is None:
        return False
    campaign.launched_at = now
    await session.flush()
    data = {
        "campaign_id": str(campaign.id),
        "launched_at": now.isoformat(),
        "cause": cause.cause.value,
        "run_id": None if cause.run_id is None else str(cause.run_id),
        "launched_by": cause.requested_by,
    }
    await emit(session, [Happening(campaign.account_id, EventType.CAMPAIGN_LAUNCHED, data)], at=now)
    return True


async def launch_all(
    session: Session,
    account_id: UUID,
    wanted: Sequence[UUID],
    *,
    cause: LaunchCause,
    cause_id: UUID,
    run_id: UUID,
    now: datetime,
) -> tuple[list[UUID], list[UUID]]:
    """Launch these for a run; returns those launched, and those left to a schedule of their own."""
    found = await session.exec(
        select(Campaign)
        .where(col(Campaign.account_id) == account_id, col(Campaign.id).in_(wanted))
        .order_by(col(Campaign.id))
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    campaigns = found.all()
    ids = [campaign.id for campaign in campaigns]
    planned = await timetables.list_timetables(session, account_id, OwnerKind.CAMPAIGN, ids)
    by_schedule = {timetable.owner_id for timetable in planned}
    launched, left = [], []
    for campaign in campaigns:
        if campaign.id in by_schedule:
            left.append(campaign.id)
        elif await launch(session, campaign, Cause(cause, cause_id, run_id), now=now):
            launched.append(campaign.id)
    return launched, left
