"""Runs of code are cancelled wherever they stand, and who and why is kept."""

import asyncio

from tests.code_runs.making import Site, error_of, published
from tests.faults.processes import until
from tests.jobs.making import refused

SLEEPS = "import time\ndef main():\n    print('waiting', flush=True)\n    time.sleep(600)"


async def test_one_that_waits_is_over_at_once(site: Site) -> None:
    job = await published(site.http, SLEEPS)
    run_id = await site.start(job)
    answer = await site.http.post(f"/v1/runs/{run_id}/cancel", json={"reason": "not today"})
    run = answer.json()

    assert (answer.status_code, run["state"]) == (200, "cancelled")
    assert (run["cancelled_by"], run["cancel_reason"]) == ("marketo", "not today")
    assert run["started_at"] is None
    assert (await site.do(run_id))["state"] == "cancelled"
    assert await site.texts(run) == []


async def test_one_that_runs_is_ended_by_its_worker(site: Site) -> None:
    job = await published(site.http, SLEEPS, retries=1)
    run_id = await site.start(job)
    doing = asyncio.create_task(site.do(run_id))

    async def is_waiting() -> bool:
        return await site.texts({"id": str(run_id)}) == ["waiting"]

    await until(is_waiting)
    asked = (await site.http.post(f"/v1/runs/{run_id}/cancel")).json()
    run = await doing

    assert (asked["state"], asked["cancelled_by"]) == ("running", "marketo")
    assert (error_of(run), run["attempt"]) == (("cancelled", None), 0)
    assert run["details"]["attempts"][0]["ending"] == "cancelled"
    again = await site.http.post(f"/v1/runs/{run_id}/cancel")
    refused(again, 409, "run_not_cancellable")


async def test_failed_rows_of_code_cannot_be_retried(site: Site) -> None:
    run = await site.run(await published(site.http, "def main(): return {'failed': 2}"))

    refused(await site.http.post(f"/v1/runs/{run['id']}/retry-failed"), 409, "not_an_import")
