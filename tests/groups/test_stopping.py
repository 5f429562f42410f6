"""Stopping runs of groups: the job at hand is cancelled, the rest is not run, nothing launches."""

import asyncio
from uuid import UUID

from app.core.auth import Scope
from app.core.failpoints import Purpose
from app.models.states import RunState
from app.runs import queue
from tests.conftest import MakeTenant
from tests.groups.making import (
    Stage,
    a_campaign,
    active,
    jobs,
    launched_at,
    resumed,
    started,
    states,
)
from tests.jobs.making import Json, refused

WELL = RunState.SUCCEEDED


async def stop(stage: Stage, run: Json) -> Json:
    answer = await stage.http.post(f"/v1/runs/{run['id']}/cancel", json={"reason": "wrong list"})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_stopped_in_the_middle(stage: Stage) -> None:
    fields = {"recipients": ["ops@example.com"]}
    group = await active(stage.http, await jobs(stage.http), **fields)
    run = await started(stage.http, group)
    child = (await stage.go(run, WELL))["steps"][1]["run_id"]

    stopped = await stop(stage, run)
    (letter,) = await stage.letters()

    assert (stopped["state"], states(stopped)) == (
        "cancelled",
        ["succeeded", "cancelled", "not_run"],
    )
    assert (stopped["cancelled_by"], stopped["cancel_reason"]) == ("marketo", "wrong list")
    assert (await stage.read(child))["state"] == "cancelled"
    assert [line for line in letter["text"].splitlines() if line[:1].isdigit()] == [
        "1. job-0: succeeded",
        "2. job-1: cancelled",
        "3. job-2: not run",
    ]


async def test_even_what_always_runs_is_not_run_after_a_stop(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    members = [first, {"job": second["id"], "always": True}]
    run = await started(stage.http, await active(stage.http, members))
    await stage.turn()

    assert states(await stop(stage, run)) == ["cancelled", "not_run"]


async def test_stopped_before_anybody_has_begun_it(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))

    stopped = await stop(stage, run)
    await stage.turn()

    assert (stopped["state"], stopped["started_at"]) == ("cancelled", None)
    assert states(await stage.read(run)) == ["not_run"] * 3


async def test_stopped_while_it_waits_for_a_run_elsewhere_which_goes_on(stage: Stage) -> None:
    members = await jobs(stage.http, 2)
    other = (await stage.http.post(f"/v1/jobs/{members[0]['id']}/runs")).json()
    run = await started(stage.http, await active(stage.http, members))
    await stage.turn()

    stopped = await stop(stage, run)

    assert (stopped["state"], states(stopped)) == ("cancelled", ["not_run", "not_run"])
    assert (await stage.read(other))["state"] == "queued"


async def test_a_job_at_work_is_waited_for_and_what_it_still_did_is_said(stage: Stage) -> None:
    """An attempt of code ends when its worker sees that it is to."""
    run = await started(stage.http, await active(stage.http, await code_jobs(stage)))
    child = UUID((await stage.go(run))["steps"][0]["run_id"])
    account_id = stage.tenant.account_id
    async with stage.resources.unit_of_work(account_id, purpose=Purpose.RUN_CLAIM) as session:
        lease = stage.resources.settings.scoring.lease
        place = (session, account_id, child)
        assert await queue.claim(*place, holder="test", lease=lease, places=9) is not None

    asked = await stop(stage, run)
    await stage.turn()
    again = await stop(stage, run)
    await stage.end_job(run, RunState.CANCELLED)
    await stage.turn()
    ended = await stage.read(run)

    for waiting in (asked, again):
        assert (waiting["state"], states(waiting)) == ("running", ["running", "waiting"])
        assert waiting["cancel_asked_at"] is not None
    assert (ended["state"], states(ended)) == ("cancelled", ["cancelled", "not_run"])


async def test_what_was_stopped_can_be_resumed_at_the_job_that_was_cancelled(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))
    await stage.go(run, WELL)
    await stop(stage, run)

    child = await resumed(stage.http, run)
    ended = await stage.go(child, WELL, WELL)

    assert (ended["state"], [step["position"] for step in ended["steps"]]) == ("succeeded", [1, 2])


async def test_a_loader_stops_imports_and_nothing_else(
    stage: Stage, make_tenant: MakeTenant
) -> None:
    loader = await make_tenant(Scope.INGEST, user="loader", account=stage.tenant.name)
    members = await jobs(stage.http)
    run = await started(stage.http, await active(stage.http, members[:2]))
    export = (await stage.http.post(f"/v1/jobs/{members[2]['id']}/runs")).json()

    for found in (run, export):
        answer = await loader.http.post(f"/v1/runs/{found['id']}/cancel")

        refused(answer, 403, "missing_scope")
        assert (await stage.read(found))["state"] == "queued"


async def test_a_run_that_is_over_cannot_be_stopped(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http, 2)))
    await stage.go(run, WELL, WELL)

    answer = await stage.http.post(f"/v1/runs/{run['id']}/cancel")

    refused(answer, 409, "run_not_cancellable")


async def test_after_its_last_job_it_launches_and_cannot_be_stopped(stage: Stage) -> None:
    """The last job has ended, and nobody has looked after the group yet."""
    campaign = await a_campaign(stage.http)
    members = await jobs(stage.http, 2)
    group = await active(stage.http, members, launch_campaigns=[campaign["id"]])
    run = await started(stage.http, group)
    await stage.go(run, WELL)
    await stage.end_job(run)

    answer = await stage.http.post(f"/v1/runs/{run['id']}/cancel")
    await stage.turn()

    refused(answer, 409, "run_not_cancellable")
    assert (await stage.read(run))["state"] == "succeeded"
    assert await launched_at(stage.http, campaign) is not None


async def test_a_launch_at_the_moment_of_a_stop_is_one_of_both(stage: Stage) -> None:
    """The last job's end, the look after it and the stop, all at once, several times."""
    outcomes = set()
    members = await jobs(stage.http, 2)
    campaign = await a_campaign(stage.http)
    group = await active(stage.http, members, launch_campaigns=[campaign["id"]])
    for _ in range(6):
        before = await launched_at(stage.http, campaign)
        run = await started(stage.http, group)
        await stage.go(run, WELL)
        last = (await stage.read(run))["steps"][1]["run_id"]
        _, answer, *_ = await asyncio.gather(
            stage.end_if_open(last),
            stage.http.post(f"/v1/runs/{run['id']}/cancel"),
            stage.turn(),
            stage.turn(),
        )
        await stage.turn()
        found = await stage.read(run)

        is_stopped = answer.status_code == 200
        is_launched = await launched_at(stage.http, campaign) != before
        assert is_stopped != is_launched
        assert found["state"] == ("cancelled" if is_stopped else "succeeded")
        outcomes.add(is_stopped)

    assert outcomes


async def code_jobs(stage: Stage) -> list[Json]:
    found = []
    for number in range(2):
        told = {"name": f"code-{number}", "kind": "code", "ad_hoc": True, "never_expires": True}
        job = (await stage.http.post("/v1/jobs", json=told)).json()
        await stage.give_code(job)
        answer = await stage.http.post(f"/v1/jobs/{job['id']}/publish")
        assert answer.status_code == 200, answer.text
        found.append(job)
    return found
