"""PostgreSQL dies, or takes no more connections: 503 with Retry-After, and recovery by itself."""

import asyncio
import contextlib
import signal

import asyncpg
import httpx

from app.embedded.postgres import Postgres
from tests.faults.checker import check, settled
from tests.faults.clients import Client, is_proper_refusal
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import until
from tests.faults.senders import ASYNCHRONOUS, RESOLVED, a_client, a_door, define, items
from tests.faults.services import Door

CLIENTS = 8
REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_ALL = "SELECT current_setting('max_connections')::int"
_CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'penstock%'
"""


async def test_postgres_killed_under_load_is_answered_503_and_everything_recovers(
    own_ground: Ground, own_postgres: Postgres
) -> None:
    ledger, is_over = Ledger(), asyncio.Event()
    async with a_door(own_ground) as door:
        worker = await own_ground.processes.worker()
        clients = [a_client(own_ground, ledger, door) for _ in range(CLIENTS)]
        await define(clients[0], "c", settings=ASYNCHRONOUS | {"scoring_batch_size": 5})
        async with asyncio.TaskGroup() as together:
            for client in clients:
                together.create_task(_send(client, is_over))
            await until(lambda: _has_answered(ledger, 202, 50))
            await own_postgres.kill()
            await until(lambda: _has_answered(ledger, 503, 20))
            await own_postgres.start()
            healed = ledger.answers[202]
            await until(lambda: _has_answered(ledger, 202, healed + 50))
            is_over.set()
        await settled(own_ground.database_url)

        assert (door.endings, worker.returncode) == ([], None)
    assert set(ledger.answers) <= {200, 201, 202, 503}
    assert set(ledger.refusals) == {"database_unavailable"}
    assert ledger.silences == {}
    await check(own_ground.database_url, ledger)


async def test_every_kind_of_request_is_refused_properly_while_postgres_is_away(
    own_ground: Ground, own_postgres: Postgres
) -> None:
    """And a worker that is asked to end meanwhile ends well."""
    ledger = Ledger()
    async with a_door(own_ground) as door:
        client = a_client(own_ground, ledger, door)
        await define(client, "c")
        worker = await own_ground.processes.worker()
        await until(lambda: _has_a_sign_of_life(own_ground))
        await own_postgres.kill()
        worker.send_signal(signal.SIGTERM)

        refused = await _ask_everything(own_ground, door)

        assert await worker.wait() == 0
        await own_postgres.start()
        assert all(is_proper_refusal(answer) for answer in refused), [a.text for a in refused]
        await client.batch(list(items(2)))
        await own_ground.processes.worker()
        await settled(own_ground.database_url)
        await client.leave()
    await check(own_ground.database_url, ledger)


async def test_postgres_out_of_connections_is_answered_503_until_there_are_some(
    own_ground: Ground, own_postgres: Postgres
) -> None:
    ledger = Ledger()
    taken: list[asyncpg.Connection] = []
    async with a_door(own_ground) as door:
        worker = await own_ground.processes.worker()
        client = a_client(own_ground, ledger, door)
        await define(client, "c")
        try:
            await until(lambda: _take_all(own_postgres, taken))
            refused = await _ask_everything(own_ground, door)
            sending = asyncio.create_task(client.batch(list(items(30))))
            await until(lambda: _has_answered(ledger, 503, 1))
        finally:
            for connection in taken:
                connection.terminate()
        await sending
        await settled(own_ground.database_url)

        assert all(is_proper_refusal(answer) for answer in refused), [a.text for a in refused]
        assert (door.endings, worker.returncode) == ([], None)
        await client.leave()
    assert await own_ground.count(RESOLVED) == 30
    await check(own_ground.database_url, ledger)


async def _send(client: Client, is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        for item in items(1):
            await client.single(item)
    await client.leave()


async def _has_a_sign_of_life(ground: Ground) -> bool:
    return await ground.count("SELECT count(*) FROM heartbeats") > 0


async def _has_answered(ledger: Ledger, status: int, times: int) -> bool:
    return ledger.answers[status] >= times


async def _ask_everything(ground: Ground, door: Door) -> list[httpx.Response]:
    """One request of each kind, under a key that the API has not seen lately and one it has."""
    answers = []
    (item,) = items(1)
    for user in (("acme", "marketo"), ("globex", "marketo")):
        async with door.connect(ground.keys.of[user]) as http:
            answers += [
                await http.post("/v1/responses", json=item),
                await http.post("/v1/responses", json=item, headers={"Idempotency-Key": "k"}),
                await http.post("/v1/responses/batch", json={"responses": list(items(30))}),
                await http.post("/v1/campaigns", json={"code": "d", "name": "d"}),
                await http.get("/v1/responses"),
            ]
    return answers


async def _take_all(postgres: Postgres, taken: list[asyncpg.Connection]) -> bool:
    """Take every connection, those of the product, too; True once it has none left.

    One that was cut off may not be free yet when it is gone from the list: all have to be ours.
    """
    with contextlib.suppress(*REFUSED):
        while True:
            taken.append(await asyncpg.connect(postgres.url()))
    left = await taken[0].fetch(_CUT_OFF)
    return not left and len(taken) == await taken[0].fetchval(_ALL)
