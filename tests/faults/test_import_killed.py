"""Workers, PostgreSQL and Valkey die in the middle of an import: every row has its one end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from app.embedded.postgres import Postgres
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import (
    CALM,
    QUICK,
    held_up,
    left,
    rows,
    send,
    standings,
    until_done,
    whole,
)
from tests.faults.services import kill_there, worker

ROWS = 5_000
CAMPAIGNS = ("spring", "summer", "autumn")
Deed = Callable[[Ground], Awaitable[object]]


async def test_both_workers_of_an_import_are_killed_and_no_row_is_lost_or_done_twice(
    ground: Ground,
) -> None:
    sent = rows(ROWS, *CAMPAIGNS)
    ledger = await send(ground, sent)
    hands = [worker(ground.processes, **CALM) for _ in range(2)]
    try:
        async with held_up(ground, sent[-1]):
            await asyncio.gather(*(hand.start() for hand in hands))
            await until_done(ground, 300)
            await kill_there(ground, hands[0])
            await until_done(ground, 2_000)
            await kill_there(ground, hands[1])
            chunks_left = await left(ground)
        await settled(ground.database_url)
    finally:
        await asyncio.gather(*(hand.end() for hand in hands))

    assert chunks_left, "the import was over before the kill"
    assert [hand.endings for hand in hands] == [[-signal.SIGKILL]] * 2
    assert await standings(ground) == [whole(ROWS)]
    await check(ground.database_url, ledger)


async def test_an_import_goes_on_when_postgres_is_back(
    own_ground: Ground, own_postgres: Postgres
) -> None:
    sent = rows(ROWS, *CAMPAIGNS)
    ledger = await send(own_ground, sent)
    async with held_up(own_ground, sent[-1]):
        workers = [await own_ground.processes.worker(**QUICK) for _ in range(2)]
        await until_done(own_ground, 500)
        chunks_left = await left(own_ground)
        await own_postgres.kill()
    await own_postgres.start()

    await settled(own_ground.database_url)

    assert chunks_left, "the import was over before the kill"
    assert [worker.returncode for worker in workers] == [None, None]
    assert await standings(own_ground) == [whole(ROWS)]
    await check(own_ground.database_url, ledger)


async def _wiped(ground: Ground) -> None:
    redis = Redis.from_url(ground.valkey.url())
    await redis.flushall()
    await redis.aclose()


async def _killed(ground: Ground) -> None:
    await ground.valkey.kill()


@pytest.mark.parametrize("lose", [_wiped, _killed])
async def test_an_import_does_not_need_valkey_once_it_is_queued(ground: Ground, lose: Deed) -> None:
    ledger = await send(ground, rows(ROWS, *CAMPAIGNS))
    await lose(ground)
    await ground.processes.worker(**QUICK)
    await until_done(ground, 500)

    await lose(ground)
    await settled(ground.database_url)

    assert await standings(ground) == [whole(ROWS)]
    await check(ground.database_url, ledger)


async def test_an_import_is_sent_and_ends_where_valkey_never_was(ground: Ground) -> None:
    await ground.valkey.kill()
    ledger = await send(ground, rows(500, *CAMPAIGNS))
    await ground.processes.worker(**QUICK)

    await settled(ground.database_url)

    assert await standings(ground) == [whole(500)]
    await check(ground.database_url, ledger)
