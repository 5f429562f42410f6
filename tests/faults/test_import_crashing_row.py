"""A row that kills each worker that takes it in: it alone fails, with a reason."""

import signal

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import QUICK, rows, send, standings, whole
from tests.faults.ledger import Json, Ledger
from tests.faults.rows import ends

LIVES = 3


def _one_lane() -> list[Json]:
    """Rows of one campaign, three of them bad; what has no campaign is in a lane of its own."""
    return [row for row in rows(300, "c") if row["campaign"] == "c"]


async def _die_at_the_first_row(ground: Ground, times: int) -> None:
    for _ in range(times):
        worker = await ground.processes.worker(
            PENSTOCK_FAILPOINT="importing.before_commit:1:kill", **QUICK
        )
        assert await worker.wait() == -signal.SIGKILL


async def _failed(ground: Ground, ledger: Ledger) -> dict[int, tuple[str | None, str | None]]:
    """The failed rows' codes and sentences, by number."""
    (file,) = ledger.files
    return {
        end.number: (end.result.reason, end.result.detail)
        for end in await ends(ground.database_url, file.upload_id)
        if end.result is not None and end.result.outcome == "failed"
    }


async def test_a_row_that_three_workers_died_of_fails_and_the_others_are_taken_in(
    ground: Ground,
) -> None:
    sent = _one_lane()
    ledger = await send(ground, sent)
    await _die_at_the_first_row(ground, LIVES)
    assert await ground.count("SELECT coalesce(sum(done), 0) FROM import_chunks") == 0

    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    failed = await _failed(ground, ledger)
    assert failed[1] == ("worker_died", "line 2: workers died when they took this row in")
    assert [code for code, _ in failed.values()].count("worker_died") == 1
    assert await standings(ground) == [whole(len(sent), failed=4)]
    await check(ground.database_url, ledger)


async def test_a_row_that_two_workers_died_of_is_tried_once_more(ground: Ground) -> None:
    sent = _one_lane()
    ledger = await send(ground, sent)
    await _die_at_the_first_row(ground, LIVES - 1)

    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    assert "worker_died" not in [code for code, _ in (await _failed(ground, ledger)).values()]
    assert await standings(ground) == [whole(len(sent), failed=3)]
    await check(ground.database_url, ledger)


async def test_of_two_lanes_at_hand_not_both_are_blamed_for_the_deaths(ground: Ground) -> None:
    """The first death is that of both; from then on they are tried one at a time."""
    sent = rows(300, "c", "d")
    ledger = await send(ground, sent)
    await _die_at_the_first_row(ground, LIVES)

    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    failed = await _failed(ground, ledger)
    assert [code for code, _ in failed.values()].count("worker_died") <= 1
    await check(ground.database_url, ledger)
