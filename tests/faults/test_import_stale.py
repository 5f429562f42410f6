"""A worker stands still in the middle of an import: another ends it, the first adds nothing."""

import signal

import asyncpg
import pytest

from app.core.failpoints import Moment, Purpose, place
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import QUICK, rows, send, standings, whole
from tests.faults.processes import until, until_stopped

ROWS = 400
TIMES = {Purpose.READING: 2, Purpose.PUBLISHING: 1, Purpose.IMPORTING: 2}
PLACES = [f"{place(purpose, moment)}:{n}" for purpose, n in TIMES.items() for moment in Moment]
SHORT = QUICK | {"PENSTOCK_DATABASE__IDLE_TIMEOUT": "PT0.5S"}
# Whoever takes over has time enough.
PATIENT = {"PENSTOCK_SCORING__LEASE": "PT15S", "PENSTOCK_DATABASE__IDLE_TIMEOUT": "PT15S"}
# Everything that an import writes.
_EVERYTHING = """
SELECT (SELECT array_agg(c ORDER BY c.number) FROM import_chunks c)::text,
       (SELECT array_agg(u ORDER BY u.id) FROM uploads u)::text,
       (SELECT array_agg(r ORDER BY r.id) FROM responses r)::text,
       (SELECT array_agg(p ORDER BY p.id) FROM people p)::text,
       (SELECT array_agg(e ORDER BY e.id) FROM events e)::text,
       (SELECT array_agg(r ORDER BY r.id) FROM runs r)::text,
       (SELECT array_agg((l.campaign_id, l.run_id, l.holder) ORDER BY l.campaign_id)
          FROM lanes l)::text
"""


@pytest.mark.parametrize("failpoint", PLACES)
async def test_a_worker_stopped_past_its_lease_adds_nothing_to_an_import(
    ground: Ground, failpoint: str
) -> None:
    # One lane: what stands still amid another's transaction may hold that for as long.
    ledger = await send(ground, [row for row in rows(ROWS, "c") if row["campaign"] == "c"])
    stale = await ground.processes.worker(PENSTOCK_FAILPOINT=f"{failpoint}:stop", **SHORT)
    await until_stopped(stale)
    await ground.processes.worker(**SHORT | PATIENT)
    await settled(ground.database_url)
    ended = await _everything(ground)

    stale.send_signal(signal.SIGCONT)

    await until(lambda: _has_noticed(ground))
    stale.send_signal(signal.SIGTERM)
    assert await stale.wait() == 0
    assert await _everything(ground) == ended
    assert await standings(ground) == [whole(ROWS - 4, failed=4)]
    await check(ground.database_url, ledger)


async def _everything(ground: Ground) -> asyncpg.Record:
    return (await ground.fetch(_EVERYTHING))[0]


async def _has_noticed(ground: Ground) -> bool:
    """Its connection is gone, or its token is not the run's or the lane's any more."""
    said = ground.processes.output()
    words = ("run_lost", "lease_lost", "run_interrupted", "import_interrupted")
    return any(f'"event": "{word}"' in said for word in words)
