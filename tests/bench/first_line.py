"""How long from a claim to the first line of customers' code: python -m tests.bench.first_line

Twenty runs, one after the other, of code that is on the worker's shelf already. Starts servers of
its own; a million lines of log are measured after that.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
from pydantic import SecretStr

from app.accounts.provision import issue_key
from app.core import log, migrations
from app.core.resources import Resources
from app.core.settings import Code, Files, Log, Settings
from app.embedded.postgres import Postgres
from app.main import create_app
from tests.code_runs.making import published, start
from tests.conftest import ACCOUNT_SCOPES
from workers.runs import work_on_run
from workers.work import Work

_RUNS = 20
_MANY = "def main():\n    for n in range(1_000_000): print(n)"


async def measure(folder: Path) -> None:
    """Print the median and the worst."""
    postgres = Postgres(folder / "postgres", password="bench", log=folder / "postgres.log")
    await postgres.start()
    try:
        url = postgres.url("postgres")
        await asyncio.to_thread(migrations.upgrade, url)
        settings = Settings(
            database_url=SecretStr(url),
            redis_url=SecretStr("redis://127.0.0.1:1/0"),
            secret_key=SecretStr("a secret of the measurement, long enough"),
            files=Files(url=f"file:{folder / 'files'}"),
            code=Code(scratch=str(folder / "code")),
        )
        await _measured(settings)
    finally:
        await postgres.kill()


async def _measured(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), Resources(settings) as resources:
        key = await issue_key(resources, account="bench", user="bench", scopes=ACCOUNT_SCOPES)
        await _allow_much(settings)
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://bench", headers=headers
        ) as http:
            await _first_lines(http, resources)


async def _allow_much(settings: Settings) -> None:
    owner = await asyncpg.connect(settings.database_url.get_secret_value())
    many = '{"executions_per_day": 1000, "invocations_per_job": 1000, "minutes_per_day": 100000}'
    await owner.execute("UPDATE accounts SET plan = $1", many)
    await owner.close()


async def _first_lines(http: httpx.AsyncClient, resources: Resources) -> None:
    work = Work(resources)
    await work.fitness.look()
    assert work.fitness.is_sound, work.fitness.said
    job = await published(http, "def main(): print('here')")
    account = UUID((await http.get("/v1/account")).json()["id"])
    waits = []
    for _ in range(_RUNS + 1):
        run_id = await start(http, job)
        claimed_at = time.time()
        await work_on_run(work, account, run_id)
        page = (await http.get(f"/v1/runs/{run_id}/log")).json()["items"]
        waits.append(datetime.fromisoformat(page[0]["at"]).timestamp() - claimed_at)
    cold, *warm = [wait * 1_000 for wait in waits]
    _say(f"claim to first line: median {statistics.median(warm):.0f} ms, worst {max(warm):.0f} ms,")
    _say(f"  the first, which unpacks the code: {cold:.0f} ms; {_RUNS} runs")
    many = await published(http, _MANY, "many")
    run_id, began = await start(http, many), time.perf_counter()
    await work_on_run(work, account, run_id)
    took = timedelta(seconds=time.perf_counter() - began)
    lines = (await http.get(f"/v1/runs/{run_id}/log", params={"level": "warn"})).json()["items"]
    _say(
        f"a million lines: {took.total_seconds():.1f} s, of which {lines[-1]['number']:,} are kept"
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    log.configure(Log(level="ERROR"))
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as name:
        os.chmod(name, 0o755)  # noqa: PTH101, S103  (PostgreSQL runs as another user under root)
        asyncio.run(measure(Path(name)))
