"""What a storm costs in commits: single requests that wait at the same time share one."""

import asyncio
from collections import Counter

import asyncpg
import httpx

from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import until
from tests.faults.senders import a_client, a_door, define, items

WAVES, CONNECTIONS, ROOM, TRANSACTIONS = 5, 64, 60, 2
MOST_COMMITS_A_RESPONSE = 0.1
PATIENT = {
    "PENSTOCK_DATABASE__LOCK_TIMEOUT": "PT4M",
    "PENSTOCK_DATABASE__STATEMENT_TIMEOUT": "PT4M",
}
_HELD = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'intake_keys'::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_a_response_of_a_storm_costs_a_tenth_of_a_commit_at_most(ground: Ground) -> None:
    """No worker runs, so every response carries the transaction that took it in."""
    room = {"PENSTOCK_INTAKE__QUEUE": str(ROOM), "PENSTOCK_INTAKE__TRANSACTIONS": str(TRANSACTIONS)}
    answers: Counter[int] = Counter()
    async with a_door(ground, **PATIENT, **room) as door:
        client = a_client(ground, Ledger(), door)
        await define(client, "c")
        await client.leave()
        async with door.connect(ground.keys.of["acme", "marketo"]) as http:
            for _ in range(WAVES):
                answers += await a_wave(ground, http)

    taken = WAVES * (TRANSACTIONS + ROOM)
    assert answers == {202: taken, 503: WAVES * (CONNECTIONS - ROOM)}
    assert await ground.count("SELECT count(*) FROM responses") == taken
    commits = await ground.count("SELECT count(DISTINCT xmin::text) FROM responses")
    assert commits <= MOST_COMMITS_A_RESPONSE * taken, f"{commits / taken:.3f} commits a response"


async def a_wave(ground: Ground, http: httpx.AsyncClient) -> Counter[int]:
    """As many requests as may wait do so at the same time, whoever is slow; how all were answered.

    The transactions under way cannot end meanwhile. That all others have come is known by those
    for whom there is no room.
    """
    owner = await asyncpg.connect(ground.database_url)
    sending: list[asyncio.Task[httpx.Response]] = []

    def send() -> None:
        (item,) = items(1, people=1_000_000)
        sending.append(asyncio.create_task(http.post("/v1/responses", json=item)))

    async def are_refused() -> bool:
        return sum(task.done() for task in sending) == CONNECTIONS - ROOM

    async with owner.transaction():
        await owner.execute("LOCK TABLE intake_keys IN ACCESS EXCLUSIVE MODE")
        for held in range(1, TRANSACTIONS + 1):
            send()

            async def are_held(wanted: int = held) -> bool:
                return int(await owner.fetchval(_HELD)) == wanted

            await until(are_held)
        for _ in range(CONNECTIONS):
            send()
        await until(are_refused)
    answers = await asyncio.gather(*sending)
    await owner.close()
    return Counter(answer.status_code for answer in answers)
