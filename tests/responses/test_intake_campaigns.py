"""Which campaign an item is for, and which member status it brings."""

from typing import Any

import httpx
import pytest

from tests.campaigns.making import make_campaign
from tests.responses.intake_making import a_campaign, item, people, read, refusal, take

STATUSES = [
    {"name": "Sent", "responded": False, "step": 1},
    {"name": "Clicked", "responded": True, "step": 2},
    {"name": "Bought", "responded": True, "step": 3},
]


@pytest.mark.parametrize("name", ["id", "code"])
async def test_a_campaign_is_named_by_id_or_code(http: httpx.AsyncClient, name: str) -> None:
    campaign = await make_campaign(http)

    taken = await read(http, await take(http, item(campaign[name])))

    assert taken["campaign_id"] == campaign["id"]


async def test_a_campaigns_id_wins_over_anothers_equal_code(http: httpx.AsyncClient) -> None:
    first = await make_campaign(http)
    await make_campaign(http, code=first["id"])

    taken = await read(http, await take(http, item(first["id"])))

    assert taken["campaign_id"] == first["id"]


@pytest.mark.parametrize(
    "name", ["nope", "01960000-0000-7000-8000-000000000000", "SPRING", " spring", "x" * 36]
)
async def test_an_unknown_campaign_is_rejected(http: httpx.AsyncClient, name: str) -> None:
    await a_campaign(http, code="spring")

    assert await refusal(http, item(name)) == (
        "campaign_not_found",
        [("/campaign", "campaign_not_found")],
    )


@pytest.mark.parametrize("name", ["Nope", "sent", "Sent "])
async def test_an_unknown_member_status_is_rejected(http: httpx.AsyncClient, name: str) -> None:
    campaign = await a_campaign(http)

    assert await refusal(http, item(campaign, member_status=name)) == (
        "unknown_member_status",
        [("/member_status", "unknown_member_status")],
    )


async def test_a_rejected_item_creates_nobody(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)

    await refusal(http, item("nope"))
    await refusal(http, item(campaign, member_status="Nope"))

    assert await people(http) == []


@pytest.mark.parametrize("absent", [{}, {"member_status": None}])
@pytest.mark.parametrize("default", ["Clicked", "Bought"])
async def test_a_missing_member_status_is_the_campaigns_default_responded_one(
    http: httpx.AsyncClient, absent: dict[str, Any], default: str
) -> None:
    campaign = await a_campaign(http, member_statuses=STATUSES, default_responded_status=default)

    taken = await read(http, await take(http, item(campaign, **absent)))

    assert (taken["member_status"], taken["is_responded"]) == (default, True)
