"""A rolling deploy under load: the new processes first, then SIGTERM to the old ones."""

import asyncio
import signal

from tests.faults.checker import check, settled
from tests.faults.clients import Client
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import answers, until
from tests.faults.senders import ASYNCHRONOUS, define, items
from tests.faults.services import Door, Service, worker

CONNECTIONS = 32
DEPLOYS = 2
# uvicorn raises the signal again once it has finished.
ENDED_WELL = {0, -signal.SIGTERM}


async def test_a_deploy_under_load_answers_no_error_and_loses_nothing(ground: Ground) -> None:
    ledger, is_over = Ledger(), asyncio.Event()
    door, hand = await _start(ground)
    doors = [door]  # what the clients' balancer knows
    key = ground.keys.of["acme", "marketo"]
    clients = [
        Client(ledger, doors, key, account="acme", user="marketo") for _ in range(CONNECTIONS)
    ]
    await define(clients[0], "c", settings=ASYNCHRONOUS | {"scoring_batch_size": 50})
    async with asyncio.TaskGroup() as together:
        for client in clients:
            together.create_task(_send(client, is_over))
        for _ in range(DEPLOYS):
            await _have_sent(ledger, 200)
            old_door, old_hand = door, hand
            door, hand = await _start(ground)
            doors[:] = [door]
            assert await old_door.retire() in ENDED_WELL
            assert await old_hand.retire() == 0
        await _have_sent(ledger, 200)
        is_over.set()
    await settled(ground.database_url)
    await door.end()
    await hand.end()

    assert set(ledger.answers) <= {200, 201, 202}
    repeated = [sent for sent in ledger.sent.values() if sent.told[0]["result"] == "duplicate"]
    assert repeated == [], "accepted, and not answered"
    await check(ground.database_url, ledger)


async def _start(ground: Ground) -> tuple[Door, Service]:
    """An API that answers, and a worker."""
    door, hand = Door(ground.processes), worker(ground.processes)
    await door.start()
    await hand.start()
    await until(lambda: answers(door.port))
    return door, hand


async def _have_sent(ledger: Ledger, more: int) -> None:
    """Wait until so many more were taken in."""
    wanted = ledger.answers[202] + more

    async def are_there() -> bool:
        return ledger.answers[202] >= wanted

    await until(are_there)


async def _send(client: Client, is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        for item in items(1):
            await client.single(item)
    await client.leave()
