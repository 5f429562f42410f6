"""How the responses of a campaign stand."""

from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import (
    PendingResolution,
    PendingScoring,
    RowFailure,
    StatusCount,
    StatusDelta,
    Window,
)
from app.models.states import CloseReason, ResponseStatus, Stage
from tests.campaigns.making import THEN, make_campaign
from tests.conftest import Tenant

OPEN, PENDING = ResponseStatus.OPEN, ResponseStatus.PENDING_SCORING


def keys_of(tenant: Tenant, campaign: dict[str, Any]) -> dict[str, Any]:
    return {"account_id": tenant.account_id, "campaign_id": UUID(campaign["id"])}


async def test_a_new_campaign_shows_every_status_with_zero(tenant: Tenant) -> None:
    made = await make_campaign(tenant.http)

    stats = (await tenant.http.get(f"/v1/campaigns/{made['id']}/stats")).json()

    assert stats == {
        "statuses": {status.value: 0 for status in ResponseStatus},
        "total": 0,
        "pending": {"scoring": 0, "resolution": 0, "in_windows": 0},
        "failed": 0,
        "windows_open": 0,
    }
    assert len(stats["statuses"]) == 15


async def test_folded_sums_and_later_deltas_are_added(tenant: Tenant, resources: Resources) -> None:
    made, other = [await make_campaign(tenant.http) for _ in range(2)]
    mine, elsewhere = keys_of(tenant, made), keys_of(tenant, other)
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add_all(
            [
                StatusCount(**mine, status=PENDING, n=5),
                StatusDelta(**mine, status=PENDING, n=-3),
                StatusDelta(**mine, status=OPEN, n=2),
                StatusDelta(**mine, status=OPEN, n=1),
                StatusDelta(**elsewhere, status=OPEN, n=100),
            ]
        )

    stats = (await tenant.http.get(f"/v1/campaigns/{made['id']}/stats")).json()

    assert (stats["statuses"][PENDING], stats["statuses"][OPEN]) == (2, 3)
    assert stats["total"] == 5


async def test_what_waits_is_counted_by_what_it_waits_for(
    tenant: Tenant, resources: Resources
) -> None:
    made = await make_campaign(tenant.http)
    mine = keys_of(tenant, made)

    def window(reason: CloseReason | None) -> Window:
        return Window(
            **mine,
            user_id=uuid7(),
            user_name="marketo",
            opened_at=THEN,
            closes_at=THEN,
            full_rows=200,
            closed_at=THEN if reason else None,
            closed_by=reason,
        )

    def waiting(held: Window | None = None) -> PendingScoring:
        place: dict[str, Any] = {"window_id": held.id} if held else {"due_at": THEN}
        return PendingScoring(**mine, response_id=uuid7(), person_id=uuid7(), **place)

    opened, closed = window(None), window(CloseReason.DELAY)
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add_all([opened, closed, waiting(), waiting(closed)])
        session.add_all([waiting(opened), waiting(opened)])
        session.add(PendingResolution(**mine, response_id=uuid7(), person_id=uuid7(), due_at=THEN))
        # Four that wait and one that was set aside; one to be resolved.
        session.add(StatusDelta(**mine, status=PENDING, n=5))
        session.add(StatusDelta(**mine, status=ResponseStatus.PENDING_TQR, n=1))
        session.add(
            RowFailure(
                **mine,
                response_id=uuid7(),
                stage=Stage.SCORING,
                run_id=uuid7(),
                code="22003",
                detail="out of range",
                failed_at=THEN,
            )
        )

    stats = (await tenant.http.get(f"/v1/campaigns/{made['id']}/stats")).json()

    assert stats["pending"] == {"scoring": 4, "resolution": 1, "in_windows": 2}
    assert (stats["failed"], stats["windows_open"]) == (1, 1)
