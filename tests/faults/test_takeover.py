"""A worker dies with a lane in its hands: the others go on within 20 seconds, as delivered."""

import signal
from datetime import timedelta

from app.core.settings import Scoring
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.senders import RESOLVED, a_client, a_door, define, items

RESPONSES = 60
MOST_SECONDS = 20
SANDBOX = {"PENSTOCK_SANDBOX": "true"}
_LEFT = "SELECT leased_until - clock_timestamp() AS left FROM lanes"


async def test_work_goes_on_within_20_seconds_of_a_worker_s_death(ground: Ground) -> None:
    """One worker dies right after its claim, another in the middle of a chunk.

    What they leave is leased for 15 seconds at most, and looks come every second; that their
    leases pass is not waited for.
    """
    ledger = Ledger()
    async with a_door(ground) as door:
        client = a_client(ground, ledger, door)
        await define(client, "claimed", "begun")
        await client.batch(list(items(RESPONSES, "claimed")))
        left = await _death_at(ground, "claim.after_commit")
        await client.batch(list(items(RESPONSES, "begun")))
        left += await _death_at(ground, "scoring.before_commit:3")
        await client.leave()
    assert await ground.count("SELECT count(*) FROM lanes WHERE run_id IS NOT NULL") == 2
    assert await ground.count("SELECT sum((details #>> '{scoring,rows}')::int) FROM runs") == 20

    await ground.fetch("UPDATE lanes SET leased_until = clock_timestamp()")
    await ground.processes.worker()
    await settled(ground.database_url)

    looks = Scoring().sweep * 2
    assert [one + looks < timedelta(seconds=MOST_SECONDS) for one in left] == [True] * 2
    await check(ground.database_url, ledger)
    assert await ground.count(RESOLVED) == 2 * RESPONSES
    assert await ground.count("SELECT count(*) FROM runs") == 2


async def _death_at(ground: Ground, failpoint: str) -> list[timedelta]:
    """A worker dies there; for how long what it had is still its own. It stays so after that,
    for the next one to leave it alone however long its own death takes.
    """
    worker = await ground.processes.worker(PENSTOCK_FAILPOINT=failpoint, **SANDBOX)
    assert await worker.wait() == -signal.SIGKILL
    held = f"run_id IS NOT NULL AND holder ~ ':{worker.pid}$'"
    left = await ground.fetch(f"{_LEFT} WHERE {held}")
    await ground.fetch(
        f"UPDATE lanes SET leased_until = leased_until + interval '1 h' WHERE {held}"
    )
    return [one["left"] for one in left]
