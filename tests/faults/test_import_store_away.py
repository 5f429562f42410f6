"""The store is away while a worker reads a file: it is waited for; what is gone is said to be."""

from pathlib import Path

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import QUICK, rows, send, standings, whole
from tests.faults.processes import until

ROWS = 500


async def test_an_import_waits_for_a_store_that_cannot_be_read_and_ends_once_it_can(
    ground: Ground, tmp_path: Path
) -> None:
    ledger = await send(ground, rows(ROWS, "c", "d"))
    files, aside = tmp_path / "files", tmp_path / "aside"
    files.rename(aside)
    files.write_text("no folder")
    worker = await ground.processes.worker(**QUICK)

    async def has_tried_twice() -> bool:
        return ground.processes.output().count('"event": "run_interrupted"') > 1

    await until(has_tried_twice)
    (waiting,) = await standings(ground)
    files.unlink()
    aside.rename(files)
    await settled(ground.database_url)

    assert (waiting.state, waiting.total, waiting.error_code) == ("running", None, None)
    assert worker.returncode is None
    assert await standings(ground) == [whole(ROWS)]
    await check(ground.database_url, ledger)


async def test_an_import_whose_file_is_gone_fails_and_takes_nothing_in(
    ground: Ground, tmp_path: Path
) -> None:
    ledger = await send(ground, rows(ROWS, "c", "d"))
    (tmp_path / "files").rename(tmp_path / "aside")

    await ground.processes.worker(**QUICK)
    await settled(ground.database_url)

    (standing,) = await standings(ground)
    assert (standing.state, standing.total, standing.error_code) == ("failed", None, "file_gone")
    assert await ground.count("SELECT count(*) FROM responses") == 0
    await check(ground.database_url, ledger)
