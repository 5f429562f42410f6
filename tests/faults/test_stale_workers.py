"""A worker that stands still past its lease: another goes on, and the first one changes nothing."""

import signal

import asyncpg
import pytest

from app.core.failpoints import Moment, Purpose, place
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import until, until_stopped
from tests.faults.senders import a_client, a_door, define, items

RESPONSES = 60
PLACES = [
    place(purpose, moment) for purpose in (Purpose.SCORING, Purpose.RESOLUTION) for moment in Moment
]
# Everything that a chunk writes; `leased_until` apart, which tells the time.
_EVERYTHING = """
SELECT (SELECT array_agg(r ORDER BY r.id) FROM responses r)::text,
       (SELECT array_agg(e ORDER BY e.id) FROM events e)::text,
       (SELECT array_agg(r ORDER BY r.id) FROM runs r)::text,
       (SELECT array_agg(p ORDER BY p.id) FROM people p)::text,
       (SELECT array_agg(t ORDER BY t.list_id) FROM owner_turns t)::text,
       (SELECT array_agg((l.token, l.run_id, l.holder)) FROM lanes l)::text
"""


@pytest.mark.parametrize("failpoint", PLACES)
async def test_a_worker_stopped_past_its_lease_commits_nothing_more(
    ground: Ground, failpoint: str
) -> None:
    quick = {
        "PENSTOCK_SANDBOX": "true",
        "PENSTOCK_SCORING__LEASE": "PT1S",
        "PENSTOCK_DATABASE__IDLE_TIMEOUT": "PT0.5S",
    }
    ledger = Ledger()
    async with a_door(ground, **quick) as door:
        client = a_client(ground, ledger, door)
        await define(client, "c")
        await client.batch(list(items(RESPONSES)))
        await client.leave()
    stale = await ground.processes.worker(PENSTOCK_FAILPOINT=f"{failpoint}:2:stop", **quick)
    await until_stopped(stale)
    held = await _token(ground)
    await ground.processes.worker()
    await settled(ground.database_url)
    taken_over = await _everything(ground)

    stale.send_signal(signal.SIGCONT)

    await until(lambda: _has_noticed(ground))
    assert await _token(ground) > held
    assert await _everything(ground) == taken_over
    (run,) = await ground.fetch("SELECT total, succeeded, state FROM runs")
    assert tuple(run) == (RESPONSES, RESPONSES, "succeeded")
    await check(ground.database_url, ledger)


async def _token(ground: Ground) -> int:
    return await ground.count("SELECT token FROM lanes")


async def _everything(ground: Ground) -> asyncpg.Record:
    return (await ground.fetch(_EVERYTHING))[0]


async def _has_noticed(ground: Ground) -> bool:
    """Its connection is gone, or its token is not the lane's any more."""
    said = ground.processes.output()
    return any(f'"event": "{word}"' in said for word in ("lease_lost", "drain_failed")) or (
        "drain_lane failed" in said
    )
