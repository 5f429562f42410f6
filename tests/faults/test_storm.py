"""A storm of single requests over real HTTP: held together, no lock error, few transactions."""

import asyncio
from collections import Counter
from functools import partial
from typing import Any

from app.demo.sending import Connect
from tests.faults.ground import Ground, Stand
from tests.faults.processes import until
from tests.faults.senders import a_door

CONNECTIONS = 64
STORM = 10_000
MOST_TRANSACTIONS = 70
PENDING = (
    "SELECT (SELECT count(*) FROM pending_scoring) + (SELECT count(*) FROM pending_resolution)"
)


async def storm(connect: Connect, items: list[dict[str, Any]]) -> Counter[int]:
    """Post every item singly over 64 connections; how often each status was answered."""
    waiting = iter(items)
    statuses: Counter[int] = Counter()

    async def connection() -> None:
        async with connect() as http:
            for item in waiting:
                answer = await http.post("/v1/responses", json=item)
                statuses[answer.status_code] += 1

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return statuses


async def test_ten_thousand_singles_of_a_listed_user_are_scored_in_at_most_70_transactions(
    stand: Stand,
) -> None:
    await stand.http.post("/v1/campaigns", json={"code": "c", "name": "c"})
    held = {"async_users": [{"user": "marketo", "delay": "PT5M"}]}
    await stand.http.put("/v1/scoring/settings", json=held)
    for _ in range(2):
        await stand.processes.worker()
    items = [
        {"external_id": f"e{n}", "campaign": "c", "person": {"email": f"p{n}@example.com"}}
        for n in range(STORM)
    ]

    statuses = await storm(stand.connect, items)
    windows = (await stand.http.get("/v1/windows", params={"open": "true"})).json()["items"]
    for window in windows:
        await stand.http.post(f"/v1/windows/{window['id']}/flush")

    async def is_all_done() -> bool:
        return await stand.count(PENDING) == 0 and not await stand.count(
            "SELECT count(*) FROM runs WHERE state = 'running'"
        )

    await until(is_all_done)

    assert statuses == {202: STORM}
    assert (
        await stand.count("SELECT count(*) FROM responses WHERE resolved_at IS NOT NULL") == STORM
    )
    transactions = await stand.count("SELECT sum((details #>> '{scoring,chunks}')::int) FROM runs")
    assert transactions <= MOST_TRANSACTIONS


async def test_64_writers_on_one_campaign_see_no_lock_error_and_no_5xx(ground: Ground) -> None:
    """Whoever waits for another has the time that this machine takes."""
    key = ground.keys.of["acme", "marketo"]
    campaign = {"code": "c", "name": "c", "score": 100}
    wanted = {"owners": ["a", "b"], "repeat_limit": 1000}
    items = [
        {"campaign": "c", "person": {"email": f"p{n % 40}@example.com", "score": n}}
        for n in range(1_500)
    ]

    async with a_door(ground, PENSTOCK_DATABASE__LOCK_TIMEOUT="PT4M") as door:
        connect = partial(door.connect, key)
        async with connect() as http:
            await http.post("/v1/campaigns", json=campaign)
            await http.put("/v1/scoring/settings", json=wanted)
        statuses = await storm(connect, items)

    assert statuses == {201: len(items)}
    assert await ground.count("SELECT count(*) FROM responses") == len(items)
    assert await ground.count("SELECT count(*) FROM active_responses") == 40
    assert "deadlock" not in ground.processes.output()
