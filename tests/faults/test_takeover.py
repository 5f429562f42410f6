"""A worker dies with a lane in its hands: the others go on within 20 seconds, as delivered."""

import signal
import time

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import until
from tests.faults.senders import RESOLVED, a_client, a_door, define, items

RESPONSES = 60
MOST_SECONDS = 20
SANDBOX = {"PENSTOCK_SANDBOX": "true"}


async def test_work_goes_on_within_20_seconds_of_a_worker_s_death(ground: Ground) -> None:
    """One worker dies right after its claim, another in the middle of a chunk."""
    ledger = Ledger()
    async with a_door(ground) as door:
        client = a_client(ground, ledger, door)
        await define(client, "claimed", "begun")
        await client.batch(list(items(RESPONSES, "claimed")))
        after_claim = await _death_at(ground, "claim.after_commit")
        await client.batch(list(items(RESPONSES, "begun")))
        in_a_chunk = await _death_at(ground, "scoring.before_commit:3")
        await client.leave()
    assert await ground.count("SELECT count(*) FROM lanes WHERE run_id IS NOT NULL") == 2
    assert await ground.count("SELECT sum((details #>> '{scoring,rows}')::int) FROM runs") == 20

    await ground.processes.worker()
    for code, death in (("claimed", after_claim), ("begun", in_a_chunk)):
        campaign = f"(SELECT id FROM campaigns WHERE code = '{code}')"

        async def is_going_on(campaign: str = campaign) -> bool:
            return await ground.count(f"{RESOLVED} AND campaign_id = {campaign}") > 0

        await until(is_going_on, seconds=death + MOST_SECONDS - time.monotonic())
    await settled(ground.database_url)

    await check(ground.database_url, ledger)
    assert await ground.count(RESOLVED) == 2 * RESPONSES
    assert await ground.count("SELECT count(*) FROM runs") == 2


async def _death_at(ground: Ground, failpoint: str) -> float:
    """When a worker died there."""
    worker = await ground.processes.worker(PENSTOCK_FAILPOINT=failpoint, **SANDBOX)
    assert await worker.wait() == -signal.SIGKILL
    return time.monotonic()
