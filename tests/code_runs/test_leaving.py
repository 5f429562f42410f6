"""Files of an attempt that no run lists are deleted, and listed ones never."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.exports.queries import KeptFile, stored_files
from app.jobs.attempts.rules import Ended, Ending
from app.models.states import RunKind
from app.runs.queue import Claimed, RunLost
from tests.code_runs.making import Json, Site, published
from workers.code.leaving import folder_of, keep_files
from workers.code_runs import record_with_files
from workers.sandbox.masking import Masker
from workers.sandbox.outcome import LeftFile

LEAVES = """
    import os
    def main():
        open(os.environ["OUTPUT_DIR"] + "/rows.csv", "w").write("a,b")
"""


async def rows() -> AsyncIterator[bytes]:
    yield b"a,b"


def of_another(site: Site, run: Json) -> Claimed:
    """The run as a worker has it that has lost it."""
    return Claimed(
        site.tenant.account_id, UUID(run["id"]), RunKind.CODE, 99, None, {}, datetime.now(UTC)
    )


async def recorded(site: Site, run: Json, *files: KeptFile) -> None:
    claimed = of_another(site, run)
    folder = folder_of(claimed.account_id, claimed.run_id, 0)
    with pytest.raises(RunLost):
        await record_with_files(site.work, claimed, Ended(Ending.RETURNED), files, folder)


async def test_files_of_a_run_that_is_anothers_by_now_are_deleted(site: Site) -> None:
    run = await site.run(await published(site.http))
    store, claimed = site.work.resources.files, of_another(site, run)
    stored_as = f"{folder_of(claimed.account_id, claimed.run_id, 0)}/0000"
    await store.write(stored_as, rows())
    await recorded(site, run, KeptFile("rows.csv", "text/csv", 3, stored_as))

    assert not await store.exists(stored_as)


async def test_those_of_a_run_that_this_worker_ended_without_knowing_it_stay(site: Site) -> None:
    """As when the connection breaks after the commit."""
    run = await site.run(await published(site.http, LEAVES))
    async with site.work.resources.unit_of_work(site.tenant.account_id) as session:
        (stored_as,) = await stored_files(session, site.tenant.account_id, UUID(run["id"]))
    await recorded(site, run, KeptFile("rows.csv", "text/csv", 3, stored_as))

    assert await site.work.resources.files.exists(stored_as)


async def test_names_that_are_covered_alike_stay_two(site: Site, tmp_path: Path) -> None:
    secrets = {"one": "token-one", "two": "token-two"}
    for name in secrets.values():
        (tmp_path / name).write_text(name)
    left = [LeftFile(name, 9) for name in secrets.values()]
    folder = f"runs/{site.tenant.account_id}/covered/0"
    kept = await keep_files(site.work.resources.files, folder, tmp_path, left, Masker(secrets))

    assert [(one.name, one.size_bytes) for one in kept] == [("***", 9), ("***_", 9)]
