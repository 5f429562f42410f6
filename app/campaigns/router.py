"""Campaigns, and how their responses stand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Manager, Operator, Reader
from app.accounts.changes import queries as changes
from app.accounts.transaction import Now, Tx
from app.campaigns import launching, queries, reading, service
from app.campaigns.auto_launch import owner_of
from app.campaigns.errors import (
    CampaignAlreadyLaunched,
    CampaignCodeTaken,
    CampaignNotFound,
    InvalidCampaign,
    MemberStatusInUse,
)
from app.campaigns.schemas import (
    CampaignCreate,
    CampaignPatch,
    CampaignRead,
    LaunchOrder,
    StatsRead,
)
from app.core import etags, pages
from app.core.db import Session
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.models import Campaign
from app.schedules.errors import InvalidSchedule, SlotOver

router = APIRouter(tags=["campaigns"], route_class=Route)

CodeFilter = Annotated[
    Plain | None, Query(max_length=100, description="Only the campaign with this code.")
]


@router.post(
    "/campaigns",
    status_code=201,
    response_model=CampaignRead,
    responses=problems(InvalidCampaign, CampaignCodeTaken, InvalidSchedule, SlotOver),
)
async def create_campaign(
    wanted: CampaignCreate, caller: Manager, tx: Tx, now: Now, response: Response
) -> CampaignRead:
    """Create a campaign, ready to take responses."""
    campaign = await service.create(tx, caller.account_id, wanted, now=now)
    await changes.note(tx, owner_of(campaign), "created", by=caller.user, now=now)
    response.headers["Location"] = f"/v1/campaigns/{campaign.id}"
    return await _shown(tx, campaign, response)


@router.get("/campaigns", response_model=Page[CampaignRead], responses=problems(BadCursor))
async def list_campaigns(
    caller: Reader,
    tx: Tx,
    code: CodeFilter = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The campaigns of the account, oldest first."""
    position = pages.position(caller.account_id, "campaigns", cursor, limit, code)
    found = await queries.list_campaigns(tx, caller.account_id, position, code=code)
    rows, next_cursor = position.page(found, lambda campaign: campaign.id)
    items = await reading.read(tx, caller.account_id, rows)
    return {"items": items, "next_cursor": next_cursor}


@router.get(
    "/campaigns/{campaign_id}",
    response_model=CampaignRead,
    responses=problems(CampaignNotFound),
)
async def read_campaign(
    campaign_id: UUID, caller: Reader, tx: Tx, response: Response
) -> CampaignRead:
    """One campaign."""
    campaign = await queries.get_campaign(tx, caller.account_id, campaign_id)
    return await _shown(tx, campaign, response)


@router.patch(
    "/campaigns/{campaign_id}",
    response_model=CampaignRead,
    responses=problems(
        *(CampaignNotFound, ChangedMeanwhile, InvalidCampaign, MemberStatusInUse),
        *(CampaignCodeTaken, InvalidSchedule, SlotOver),
    ),
)
async def change_campaign(
    campaign_id: UUID,
    patch: CampaignPatch,
    caller: Manager,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> CampaignRead:
    """Change the given fields. Safe to repeat; what is already resolved stays resolved."""
    campaign = await service.change(
        tx, caller.account_id, campaign_id, patch, if_match=if_match, now=now
    )
    fields = patch.model_fields_set
    await changes.note(tx, owner_of(campaign), "changed", by=caller.user, now=now, fields=fields)
    return await _shown(tx, campaign, response)


@router.post(
    "/campaigns/{campaign_id}/launch",
    response_model=CampaignRead,
    responses=problems(CampaignNotFound, CampaignAlreadyLaunched),
)
async def launch_campaign(
    campaign_id: UUID,
    caller: Operator,
    tx: Tx,
    now: Now,
    response: Response,
    order: LaunchOrder | None = None,
) -> CampaignRead:
    """Launch a campaign: `launched_at` is stamped, and `campaign.launched` told; nothing is sent.

    One that was launched before is launched once more only with `again: true`.
    """
    wanted = order or LaunchOrder()
    campaign = await launching.launch_by_call(
        tx,
        caller.account_id,
        campaign_id,
        again=wanted.again,
        by=caller.user,
        reason=wanted.reason,
        now=now,
    )
    await changes.note(tx, owner_of(campaign), "launched", by=caller.user, now=now)
    return await _shown(tx, campaign, response)


@router.get(
    "/campaigns/{campaign_id}/stats",
    response_model=StatsRead,
    responses=problems(CampaignNotFound),
)
async def read_stats(campaign_id: UUID, caller: Reader, tx: Tx) -> StatsRead:
    """How many responses stand where, and how many wait."""
    campaign = await queries.get_campaign(tx, caller.account_id, campaign_id)
    return await queries.count_responses(tx, caller.account_id, campaign.id)


async def _shown(session: Session, campaign: Campaign, response: Response) -> CampaignRead:
    etags.show(response, campaign.version)
    return (await reading.read(session, campaign.account_id, [campaign]))[0]
