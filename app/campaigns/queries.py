"""The SQL of campaigns."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select

from app.campaigns.errors import CampaignNotFound
from app.campaigns.schemas import PendingRead, StatsRead
from app.core.db import Session
from app.core.pages import Position
from app.models import Campaign, Lane, Response
from app.models.states import ResponseStatus, Stage

# One statement is one snapshot: a fold under way can neither hide a delta nor count it twice.
_STATS = text(
    """
    SELECT 'status', status, n
      FROM status_counts WHERE account_id = :account_id AND campaign_id = :campaign_id
    UNION ALL
    SELECT 'status', status, sum(n)
      FROM status_deltas WHERE account_id = :account_id AND campaign_id = :campaign_id
     GROUP BY status
    UNION ALL
    SELECT 'in_windows', NULL, count(*)
      FROM pending_scoring waiting
      JOIN windows held ON held.account_id = waiting.account_id AND held.id = waiting.window_id
     WHERE waiting.account_id = :account_id AND waiting.campaign_id = :campaign_id
       AND waiting.window_id IS NOT NULL AND held.closed_at IS NULL
    UNION ALL
    SELECT 'windows_open', NULL, count(*)
      FROM windows
     WHERE account_id = :account_id AND campaign_id = :campaign_id AND closed_at IS NULL
    UNION ALL
    SELECT 'failed', stage, count(*)
      FROM row_failures WHERE account_id = :account_id AND campaign_id = :campaign_id
     GROUP BY stage
    """
)


async def get_campaign(
    session: Session, account_id: UUID, campaign_id: UUID, *, lock: bool = False
) -> Campaign:
    """Raises CampaignNotFound."""
    statement = select(Campaign).where(
        col(Campaign.account_id) == account_id, col(Campaign.id) == campaign_id
    )
    found = await session.exec(statement.with_for_update() if lock else statement)
    campaign = found.one_or_none()
    if campaign is None:
        raise CampaignNotFound
    return campaign


async def find_campaign(session: Session, account_id: UUID, reference: str) -> Campaign | None:
    """The campaign with this id, else the one with this code."""
    names = [col(Campaign.code) == reference]
    with suppress(ValueError):
        names.append(col(Campaign.id) == UUID(reference))
    found = await session.exec(
        select(Campaign)
        .where(col(Campaign.account_id) == account_id, or_(*names))
        .order_by(col(Campaign.code) == reference)
        .limit(1)
    )
    return found.one_or_none()


async def list_campaigns(
    session: Session, account_id: UUID, position: Position, *, code: str | None
) -> Sequence[Campaign]:
    """Campaigns in the order of their creation."""
    statement = select(Campaign).where(col(Campaign.account_id) == account_id)
    if code is not None:
        statement = statement.where(col(Campaign.code) == code)
    if position.after is not None:
        statement = statement.where(col(Campaign.id) > position.after)
    ordered = statement.order_by(col(Campaign.id)).limit(position.fetch_rows)
    return (await session.exec(ordered)).all()


async def is_any_in_use(
    session: Session, account_id: UUID, campaign_id: UUID, names: Sequence[str]
) -> bool:
    """Whether a response of the campaign has one of these member statuses."""
    found = await session.exec(
        select(Response.id)
        .where(
            col(Response.account_id) == account_id,
            col(Response.campaign_id) == campaign_id,
            col(Response.member_status).in_(names),
        )
        .limit(1)
    )
    return found.first() is not None


async def add_lane(session: Session, account_id: UUID, campaign_id: UUID) -> None:
    """The lane of a new campaign, leased by nobody."""
    await session.exec(insert(Lane).values(account_id=account_id, campaign_id=campaign_id, token=0))


async def count_responses(session: Session, account_id: UUID, campaign_id: UUID) -> StatsRead:
    """How the campaign's responses stand, folded sums and later deltas together.

    What is pending and was not set aside waits; counting the waiting rows would cost their number.
    """
    connection = await session.connection()
    rows = await connection.execute(_STATS, {"account_id": account_id, "campaign_id": campaign_id})
    statuses = dict.fromkeys(ResponseStatus, 0)
    failed = dict.fromkeys(Stage, 0)
    counts: dict[str, int] = {}
    for kind, word, n in rows:
        if kind == "status":
            statuses[ResponseStatus(word)] += int(n)
        elif kind == "failed":
            failed[Stage(word)] = n
        else:
            counts[kind] = n
    return StatsRead(
        statuses=statuses,
        total=sum(statuses.values()),
        pending=PendingRead(
            scoring=statuses[ResponseStatus.PENDING_SCORING] - failed[Stage.SCORING],
            resolution=statuses[ResponseStatus.PENDING_TQR] - failed[Stage.RESOLUTION],
            in_windows=counts["in_windows"],
        ),
        failed=sum(failed.values()),
        windows_open=counts["windows_open"],
    )
