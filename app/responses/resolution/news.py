"""What a resolution tells the world: one event per qualified response, one per transaction."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from app.notifications.outbox import EventType, Happening
from app.responses.resolution.sql import Resolution


def happenings(account_id: UUID, resolution: Resolution, *, run_id: UUID | None) -> list[Happening]:
    """The outbox rows of one resolution; none if nothing was resolved."""
    if not resolution.resolved:
        return []
    told = [
        Happening(
            account_id,
            EventType.RESPONSE_QUALIFIED,
            {
                "response_id": str(q.candidate.response_id),
                "person_id": str(q.candidate.person_id),
                "campaign_id": str(q.candidate.campaign_id),
                "score": q.candidate.score,
                "threshold": q.candidate.threshold,
                "response_prompt": q.candidate.is_prompt,
                "owner": q.owner,
            },
        )
        for q in resolution.qualified
    ]
    # Counted by Counter itself: a file's transaction has hundreds.
    places = Counter([(one.candidate.campaign_id, one.status) for one in resolution.resolved])
    by_campaign: dict[UUID, dict[str, int]] = defaultdict(dict)
    for (campaign, status), n in places.items():
        by_campaign[campaign][status] = n
    campaigns: list[dict[str, Any]] = [
        {"campaign_id": str(campaign), "by_status": counts}
        for campaign, counts in sorted(by_campaign.items())
    ]
    summary = {
        "total": len(resolution.resolved),
        "campaigns": campaigns,
        "run_id": run_id and str(run_id),
    }
    return [*told, Happening(account_id, EventType.RESPONSES_RESOLVED, summary)]
