"""Many lanes, many imports: each row once, and no more at work than there are places."""

import asyncio

import pytest

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import (
    CALM,
    held_up,
    rows,
    send,
    standings,
    until_count,
    whole,
)
from tests.faults.processes import until

LANES = [f"c{number}" for number in range(30)]
OPEN = "SELECT count(*) FROM runs WHERE kind = 'import' AND state IN ('queued', 'running')"
BY_STATE = "SELECT count(*) FROM runs WHERE kind = 'import' AND state = '{state}'"
# As each import was begun, so many others had begun and not ended.
BESIDE = """
SELECT (SELECT count(*) FROM runs o WHERE o.kind = 'import' AND o.id <> r.id
           AND o.started_at <= r.started_at AND o.finished_at > r.started_at) AS others
  FROM runs r WHERE r.kind = 'import'
"""


async def test_two_workers_share_the_lanes_of_a_file_and_do_each_row_once(ground: Ground) -> None:
    ledger = await send(ground, rows(3_000, *LANES))
    small = CALM | {"PENSTOCK_IMPORTS__CHUNK_ROWS": "10"}

    await asyncio.gather(*(ground.processes.worker(**small) for _ in range(2)))
    await settled(ground.database_url)

    assert await standings(ground) == [whole(3_000)]
    assert await ground.count("SELECT count(DISTINCT lane_id) FROM import_chunks") == len(LANES) + 1
    await check(ground.database_url, ledger)


@pytest.mark.parametrize("workers", [1, 3])
async def test_of_three_imports_of_an_account_two_run_and_the_third_waits(
    ground: Ground, workers: int
) -> None:
    sent = [rows(1_000, "c", "d") for _ in range(3)]
    ledger = await send(ground, *sent)

    async def are_over() -> bool:
        return not await ground.count(OPEN)

    async with held_up(ground, *(file[-1] for file in sent)):
        await asyncio.gather(*(ground.processes.worker(**CALM) for _ in range(workers)))
        await until_count(ground, BY_STATE.format(state="running"), lambda n: n == 2)
        waiting = await ground.count(BY_STATE.format(state="queued"))
    await until(are_over)
    await settled(ground.database_url)

    assert waiting == 1
    # The second as the first one was at work, the third once one of both was not any more.
    beside = [one["others"] for one in await ground.fetch(BESIDE)]
    assert max(beside) == 1
    assert await standings(ground) == [whole(1_000)] * 3
    await check(ground.database_url, ledger)
