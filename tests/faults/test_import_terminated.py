"""SIGTERM in the middle of an import: the worker ends well, another one goes on."""

import signal

import pytest

from app.core.failpoints import Moment, Purpose, place
from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import QUICK, left, rows, send, standings, whole
from tests.faults.processes import Process, is_stopped, until

ROWS = 1_500
# More than is read at once, so that the file is not over when the worker is told.
NOTE = "x" * 900
FREE = """
SELECT (SELECT count(*) FROM lanes WHERE holder IS NOT NULL)
     + (SELECT count(*) FROM pending_runs WHERE holder IS NOT NULL)
"""


async def _told_at(ground: Ground, failpoint: str) -> Process:
    """A worker that is told to end while it stands there, and then goes on."""
    worker = await ground.processes.worker(PENSTOCK_FAILPOINT=f"{failpoint}:stop", **QUICK)

    async def stands_still() -> bool:
        return is_stopped(worker)

    await until(stands_still)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGCONT)
    return worker


async def test_a_worker_told_to_end_while_it_reads_leaves_the_file_to_another(
    ground: Ground,
) -> None:
    ledger = await send(ground, rows(ROWS, "c", note=NOTE))
    worker = await _told_at(ground, f"{place(Purpose.READING, Moment.AFTER)}:2")

    assert await worker.wait() == 0
    (standing,) = await standings(ground)
    assert (standing.state, standing.total) == ("running", None)
    assert '"event": "run_interrupted"' in ground.processes.output()
    assert await ground.count(FREE) == 0
    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    assert await standings(ground) == [whole(ROWS)]
    await check(ground.database_url, ledger)


@pytest.mark.parametrize("moment", list(Moment))
async def test_a_worker_told_to_end_in_a_chunk_finishes_it_and_leaves_the_others(
    ground: Ground, moment: Moment
) -> None:
    ledger = await send(ground, rows(ROWS, "c", "d", note=NOTE))
    # The fourth: the lane of rows without a campaign takes two, one of them for 15 rows alone.
    worker = await _told_at(ground, f"{place(Purpose.IMPORTING, moment)}:4")

    assert await worker.wait() == 0
    assert await left(ground) > 0
    assert await ground.count("SELECT sum(done) FROM import_chunks") >= 100
    assert await ground.count("SELECT sum(deaths) FROM pending_imports") == 0
    assert await ground.count(FREE) == 0
    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    assert await standings(ground) == [whole(ROWS)]
    await check(ground.database_url, ledger)
