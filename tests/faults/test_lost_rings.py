"""Valkey forgets, dies, or never was: a ring lost costs three seconds at most, and no work."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.core.queue import Queue
from app.core.settings import Scoring
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import Process, until
from tests.faults.senders import ASYNCHRONOUS, RESOLVED, a_client, a_door, define, items

MOST_SECONDS = 3
Lose = Callable[[Ground, Process], Awaitable[None]]


async def _wiped(ground: Ground, worker: Process) -> None:
    """The ring lies in Valkey, the worker has not seen it, and Valkey is emptied.

    Or it never came there: the API gives a ring a tenth of a second.
    """
    redis = Redis.from_url(ground.valkey.url())

    async def has_rung() -> bool:
        is_lost = '"event": "ring_failed"' in ground.processes.output()
        return is_lost or bool(await redis.exists(Queue.INTERACTIVE))

    await until(has_rung)
    await redis.flushall()
    await redis.aclose()
    worker.send_signal(signal.SIGCONT)


async def _killed(ground: Ground, worker: Process) -> None:
    """Valkey dies with the ring, or before it."""
    await ground.valkey.kill()
    worker.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("lose", [_wiped, _killed])
async def test_a_response_whose_ring_is_lost_is_resolved_by_the_next_look(
    ground: Ground, lose: Lose
) -> None:
    ledger = Ledger()
    async with a_door(ground) as door:
        client = a_client(ground, ledger, door)
        await define(client, "c")
        worker = await ground.processes.worker()
        await client.batch(list(items(1)))
        await settled(ground.database_url)
        worker.send_signal(signal.SIGSTOP)  # so that it does not hear the ring before it is lost

        await client.batch(list(items(1)))
        await lose(ground, worker)

        await until(lambda: _are_resolved(ground, 2))
        await client.leave()
    await settled(ground.database_url)
    await check(ground.database_url, ledger)


def test_a_look_comes_within_3_seconds() -> None:
    """What it then takes is the machine's affair."""
    assert Scoring().sweep * 2 < timedelta(seconds=MOST_SECONDS)


async def test_everything_starts_and_works_without_valkey_and_hears_it_once_it_is_there(
    ground: Ground,
) -> None:
    await ground.valkey.kill()
    ledger = Ledger()
    async with a_door(ground) as door:
        client = a_client(ground, ledger, door)
        await define(client, "c")
        await client.batch(list(items(30)))
        # One look at the start and none for a minute: what comes later needs its ring.
        await ground.processes.worker(PENSTOCK_SCORING__SWEEP="PT60S")
        await settled(ground.database_url)

        await ground.valkey.start()
        await until(lambda: _resolves_another(ground, client.batch))
        await client.leave()
    await settled(ground.database_url)
    await check(ground.database_url, ledger)


async def test_valkey_wiped_again_and_again_under_load_loses_no_work(ground: Ground) -> None:
    ledger = Ledger()
    async with a_door(ground) as door:
        client = a_client(ground, ledger, door)
        await define(client, *"abcd", settings=ASYNCHRONOUS | {"scoring_batch_size": 5})
        for _ in range(2):
            await ground.processes.worker()
        redis = Redis.from_url(ground.valkey.url())

        async def send(campaign: str) -> None:
            sender = a_client(ground, ledger, door)
            for item in items(100, campaign):
                await sender.single(item)
                await redis.flushall()
            await sender.leave()

        await asyncio.gather(*(send(campaign) for campaign in "abcd"))
        await redis.aclose()
        await client.leave()
        await settled(ground.database_url)

    await check(ground.database_url, ledger)
    assert await ground.count(RESOLVED) == 400
    assert ledger.silences == {}
    assert set(ledger.answers) <= {200, 201, 202}


async def _are_resolved(ground: Ground, how_many: int) -> bool:
    return await ground.count(RESOLVED) == how_many


async def _resolves_another(ground: Ground, send: Callable[..., Awaitable[object]]) -> bool:
    """Whether one more response is resolved at once: only a ring can have done it."""
    await send(list(items(1)))
    try:
        await until(lambda: _nothing_waits(ground), seconds=5)
    except TimeoutError:
        return False
    return True


async def _nothing_waits(ground: Ground) -> bool:
    return not await ground.count("SELECT count(*) FROM responses WHERE status LIKE 'Pending%'")
