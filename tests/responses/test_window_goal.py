"""What windows are for, counted: a flood of single requests is a handful of transactions."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx

from app.models.states import ResponseStatus
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    Json,
    a_campaign,
    an_item,
    configure,
    get,
    listed,
    runs_of,
    windows_of,
)

FLOOD, SENDERS, MOST_TRANSACTIONS = 10_000, 64, 70


async def test_10000_single_responses_of_one_window_are_scored_in_at_most_70_transactions(
    http: httpx.AsyncClient, settle: Settle, advance: Advance
) -> None:
    campaign = await a_campaign(http)
    await configure(http, listed())
    items = iter([an_item(campaign) for _ in range(FLOOD)])

    assert sum(await asyncio.gather(*(send(http, items) for _ in range(SENDERS)))) == FLOOD
    await advance(timedelta(minutes=5))
    await settle()

    runs = await runs_of(http, campaign)
    chunks = sum(run["details"]["scoring"]["chunks"] for run in runs)
    assert chunks <= MOST_TRANSACTIONS
    assert sum(run["succeeded"] for run in runs) == sum(run["total"] for run in runs) == FLOOD
    stats = await get(http, f"campaigns/{campaign['id']}/stats")
    assert stats["statuses"][ResponseStatus.OPEN] == FLOOD
    assert [each["members"] for each in await windows_of(http)] == [FLOOD]


async def send(http: httpx.AsyncClient, items: Iterator[Json]) -> int:
    """One sender: the next response as soon as the one before was answered."""
    sent = 0
    for item in items:
        answer = await http.post("/v1/responses", json=item)
        while answer.status_code == 429:  # the key's allowance of the second is spent
            await asyncio.sleep(0.1)
            answer = await http.post("/v1/responses", json=item)
        assert answer.status_code == 202, answer.text
        sent += 1
    return sent
