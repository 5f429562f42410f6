"""More requests than may wait: those above are told to come again, those below are kept."""

import asyncio

import asyncpg

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import until
from tests.faults.senders import RESOLVED, a_client, a_door, define, items

CLIENTS = 40
ROOM = 5


async def test_requests_above_the_room_get_503_with_retry_after_and_no_accepted_one_is_lost(
    ground: Ground,
) -> None:
    ledger = Ledger()
    # Whoever waits is not to give up before the test has seen enough.
    patient = {
        "PENSTOCK_DATABASE__LOCK_TIMEOUT": "PT5M",
        "PENSTOCK_DATABASE__STATEMENT_TIMEOUT": "PT5M",
    }
    async with a_door(ground, PENSTOCK_INTAKE__QUEUE=str(ROOM), **patient) as door:
        clients = [a_client(ground, ledger, door) for _ in range(CLIENTS)]
        await define(clients[0], "c")
        owner = await asyncpg.connect(ground.database_url)
        async with asyncio.TaskGroup() as together, owner.transaction():
            # Transactions of intake cannot end, so the next requests wait behind them.
            await owner.execute("LOCK TABLE intake_keys IN ACCESS EXCLUSIVE MODE")
            for client, item in zip(clients, items(CLIENTS), strict=True):
                together.create_task(client.single(item))
            await until(lambda: _are_refused(ledger))
        await owner.close()
        await ground.processes.worker()
        await settled(ground.database_url)
        for client in clients:
            await client.leave()

    assert set(ledger.refusals) == {"intake_full"}
    assert ledger.answers[202] == CLIENTS
    assert await ground.count(RESOLVED) == CLIENTS
    await check(ground.database_url, ledger)


async def _are_refused(ledger: Ledger) -> bool:
    return ledger.refusals["intake_full"] >= CLIENTS // 2
