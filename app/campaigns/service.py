"""What can be done with a campaign; inside the caller's transaction, never committing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.campaigns import auto_launch, queries, rules
from app.campaigns.errors import CampaignCodeTaken, InvalidCampaign, MemberStatusInUse
from app.campaigns.schemas import CampaignCreate, CampaignPatch, MemberStatus
from app.core import etags
from app.core.db import Session, constraint_of
from app.core.errors import Fault
from app.models import Campaign


async def create(
    session: Session, account_id: UUID, wanted: CampaignCreate, *, now: datetime
) -> Campaign:
    """Add a campaign and its lane.

    Raises:
        InvalidCampaign: no status is a responded one, or the default is not.
        CampaignCodeTaken: another campaign has the code.
        InvalidSchedule, SlotOver: its `auto_launch` is none that could be kept.
    """
    fields = wanted.model_dump(exclude={"auto_launch"})
    fields["default_responded_status"] = _default_status(
        wanted.member_statuses, wanted.default_responded_status
    )
    campaign = Campaign(account_id=account_id, created_at=now, updated_at=now, **fields)
    await auto_launch.set_schedule(session, campaign, wanted.auto_launch, now=now)
    session.add(campaign)
    await _flush(session)
    await queries.add_lane(session, account_id, campaign.id)
    await auto_launch.follow(session, campaign, now=now)
    return campaign


async def change(
    session: Session,
    account_id: UUID,
    campaign_id: UUID,
    patch: CampaignPatch,
    *,
    if_match: str | None,
    now: datetime,
) -> Campaign:
    """Change the given fields.

    Raises:
        CampaignNotFound: there is no such campaign in this account.
        ChangedMeanwhile: `if_match` names another version.
        InvalidCampaign: the statuses, or the default among them, would make no sense.
        MemberStatusInUse: responses have a status that would go, or change its meaning.
        CampaignCodeTaken: another campaign has the code.
        InvalidSchedule, SlotOver: the given `auto_launch` is none that could be kept.
    """
    campaign = await queries.get_campaign(session, account_id, campaign_id, lock=True)
    etags.check(if_match, campaign.version)
    fields = patch.model_dump(exclude_unset=True)
    if fields.keys() & {"member_statuses", "default_responded_status"}:
        await _change_statuses(session, campaign, patch, fields)
    moves_launches = "auto_launch" in fields
    if moves_launches:
        del fields["auto_launch"]
        await auto_launch.catch_up(session, campaign, now=now)
        await auto_launch.set_schedule(session, campaign, patch.auto_launch, now=now)
    for field, value in fields.items():
        setattr(campaign, field, value)
    campaign.version += 1
    campaign.updated_at = now
    await _flush(session)
    if moves_launches:
        await auto_launch.follow(session, campaign, now=now)
    return campaign


async def _change_statuses(
    session: Session, campaign: Campaign, patch: CampaignPatch, fields: dict[str, Any]
) -> None:
    before = [MemberStatus.model_validate(status) for status in campaign.member_statuses]
    after = before if patch.member_statuses is None else patch.member_statuses
    default = fields.get("default_responded_status", campaign.default_responded_status)
    fields["default_responded_status"] = _default_status(after, default)
    given_up = rules.given_up(before, after)
    if given_up and await queries.is_any_in_use(
        session, campaign.account_id, campaign.id, given_up
    ):
        places = [Fault("/member_statuses", "in_use", "lacks a status that responses have")]
        raise MemberStatusInUse(faults=places)


def _default_status(statuses: list[MemberStatus], wanted: str | None) -> str:
    faults = rules.faults_of_statuses(statuses, wanted)
    if faults:
        raise InvalidCampaign(faults=faults)
    return wanted or rules.first_responded(statuses)


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_campaigns_account_id_code":
            raise
        raise CampaignCodeTaken from None
