"""An import aborted at any moment: each row has its end, or is kept as never attempted."""

import asyncio
import csv
import io
import random
import signal
from itertools import chain

import asyncpg
import httpx

from tests.faults.checker import check, settled
from tests.faults.ground import Ground
from tests.faults.importing import CALM, rows, until_count
from tests.faults.ledger import Json, Ledger
from tests.faults.processes import until_stopped
from tests.faults.senders import a_client, a_door, define

TIMES, ROWS = 10, 200
SMALL = CALM | {"PENSTOCK_IMPORTS__CHUNK_ROWS": "5"}
# Whoever waits for a lock waits until the test has seen all of them wait.
PATIENT = {
    "PENSTOCK_DATABASE__LOCK_TIMEOUT": "PT4M",
    "PENSTOCK_DATABASE__STATEMENT_TIMEOUT": "PT4M",
}
FILES = ("successful", "failed", "unprocessed")
WATCHED = "run_progress.after_commit:1:stop"
_OVER = ("import_over", "wrong_upload_state")
# Transactions about a run that wait for another one.
_WAITING = """
SELECT count(DISTINCT waiting.pid) FROM pg_locks waiting JOIN pg_locks held USING (pid)
 WHERE NOT waiting.granted AND held.relation IN ('runs'::regclass, 'pending_runs'::regclass)
"""


async def _abort(http: httpx.AsyncClient, upload_id: str) -> httpx.Response:
    return await http.patch(f"/v1/uploads/{upload_id}", json={"state": "Aborted"})


async def _ids_in(http: httpx.AsyncClient, upload_id: str, name: str) -> list[str]:
    answer = await http.get(f"/v1/uploads/{upload_id}/{name}?raw=true")
    return [line["external_id"] for line in csv.DictReader(io.StringIO(answer.text))]


async def test_the_three_files_of_an_aborted_import_are_the_whole_file(
    ground: Ground,
) -> None:
    chance, ledger = random.Random(), Ledger()
    async with a_door(ground, **SMALL) as door:
        client = a_client(ground, ledger, door)
        await define(client, "c", "d")
        await asyncio.gather(*(ground.processes.worker(**SMALL) for _ in range(2)))
        async with door.connect(ground.keys.of["acme", "marketo"]) as http:
            for number in range(TIMES):
                sent = rows(ROWS, "c", "d")
                upload = await client.file(sent, key=f"file {number}")
                await _until_some_moment(ground, upload, chance)
                aborted = await _abort(http, upload["id"])
                kept = [await _ids_in(http, upload["id"], name) for name in FILES]

                assert aborted.status_code == 200 or aborted.json()["code"] in _OVER, aborted.text
                run = (await http.get(f"/v1/runs/{upload['run_id']}")).json()
                counts = run["succeeded"], run["failed"], run["unprocessed"]
                if run["total"] is None:
                    assert counts == (None, None, None)
                    continue
                assert counts == tuple(map(len, kept))
                assert sorted(chain.from_iterable(kept)) == sorted(
                    row["external_id"] for row in sent
                )
        await client.leave()
        await settled(ground.database_url)
    await check(ground.database_url, ledger)


async def _until_some_moment(ground: Ground, upload: Json, chance: random.Random) -> None:
    """At once, or once some of its rows are done."""
    wanted = chance.randrange(ROWS) if chance.random() < 0.8 else 0
    done = f"SELECT coalesce(sum(done), 0) FROM import_chunks WHERE run_id = '{upload['run_id']}'"
    await until_count(ground, done, lambda found: found >= wanted)


async def test_an_abort_that_meets_the_watch_over_its_run_is_answered(ground: Ground) -> None:
    """Somebody has the run; the abort comes next, then its worker: to count, and to renew."""
    ledger = Ledger()
    async with a_door(ground, **SMALL, **PATIENT) as door:
        client = a_client(ground, ledger, door)
        await define(client, "c")
        upload = await client.file(rows(ROWS, "c"), key="file")
        await client.leave()
        # It reads and watches; with turns of no length it imports nothing.
        told = {"PENSTOCK_SCORING__TURN": "PT0S", "PENSTOCK_FAILPOINT": WATCHED}
        told["PENSTOCK_SCORING__LEASE"] = "PT1S"
        worker = await ground.processes.worker(**told, **SMALL, **PATIENT)
        await until_stopped(worker)
        async with door.connect(ground.keys.of["acme", "marketo"]) as http:
            somebody = await asyncpg.connect(ground.database_url)
            await somebody.execute("BEGIN")
            await somebody.execute(f"SELECT FROM runs WHERE id = '{upload['run_id']}' FOR UPDATE")
            aborting = asyncio.create_task(_abort(http, upload["id"]))
            await until_count(ground, _WAITING, lambda n: n > 0)
            worker.send_signal(signal.SIGCONT)
            await until_count(ground, _WAITING, lambda n: n > 2)
            await somebody.close()
            answer = await aborting
        await settled(ground.database_url)
    assert answer.status_code == 200, answer.text
    assert "Deadlock" not in ground.processes.output()
    await check(ground.database_url, ledger)
