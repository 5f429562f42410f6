"""Resuming a group's run: at the failed job, once, by one of those who ask."""

import asyncio

from app.models.states import RunState
from tests.groups.making import (
    Stage,
    a_campaign,
    active,
    done,
    jobs,
    launched_at,
    resumed,
    started,
    states,
)
from tests.jobs.making import Json, refused

WELL, BADLY = RunState.SUCCEEDED, RunState.FAILED


async def failed(stage: Stage, **fields: object) -> tuple[Json, Json]:
    """A group, and its run that failed by the second of three jobs."""
    group = await active(stage.http, await jobs(stage.http), **fields)
    run = await started(stage.http, group)
    await stage.go(run, WELL, BADLY)
    return group, run


async def test_of_two_at_once_one_wins(stage: Stage) -> None:
    _, run = await failed(stage)

    path = f"/v1/runs/{run['id']}/resume"
    answers = await asyncio.gather(*(stage.http.post(path) for _ in range(4)))
    (won,) = [answer for answer in answers if answer.status_code == 202]

    for answer in answers:
        if answer is not won:
            refused(answer, 409, "already_resumed")
            assert won.json()["id"] in answer.json()["detail"]
    assert len((await stage.go(won.json(), WELL, WELL))["steps"]) == 2


async def test_under_one_key_it_is_resumed_once_and_both_are_told_the_same(stage: Stage) -> None:
    _, run = await failed(stage)

    path, key = f"/v1/runs/{run['id']}/resume", {"Idempotency-Key": "again"}
    first, second = [await stage.http.post(path, headers=key) for _ in range(2)]

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]


async def test_only_what_has_ended_badly_is_resumed(stage: Stage) -> None:
    group, _ = await failed(stage)
    run = await started(stage.http, group)
    step = (await stage.go(run))["steps"][0]

    for one in (run["id"], step["run_id"]):
        refused(await stage.http.post(f"/v1/runs/{one}/resume"), 409, "run_not_resumable")


async def test_not_while_another_run_of_the_group_is_at_work(stage: Stage) -> None:
    group, run = await failed(stage)
    other = await started(stage.http, group)

    answer = await stage.http.post(f"/v1/runs/{run['id']}/resume")

    refused(answer, 409, "already_running")
    assert answer.headers["Location"] == f"/v1/runs/{other['id']}"


async def test_not_of_a_group_that_is_inactive_or_gone(stage: Stage) -> None:
    group, run = await failed(stage)
    path = f"/v1/runs/{run['id']}/resume"

    await done(stage.http, group, "deactivate")
    inactive = await stage.http.post(path)
    await stage.http.delete(f"/v1/groups/{group['id']}")
    gone = await stage.http.post(path)

    refused(inactive, 409, "group_not_active")
    refused(gone, 404, "group_not_found")


async def test_a_run_stopped_after_its_last_job_went_well_launches_as_it_is_resumed(
    stage: Stage,
) -> None:
    """Asked to stop while the last job was at work, which ended well all the same."""
    campaign = await a_campaign(stage.http)
    first, second = await jobs(stage.http, 2)
    group = await active(stage.http, [first, second], launch_campaigns=[campaign["id"]])
    run = await started(stage.http, group)
    child = (await stage.go(run, WELL))["steps"][1]["run_id"]
    await stage.ask_to_stop(run)
    await stage.end_other({"id": child})
    await stage.turn()
    stopped = await stage.read(run)
    before = await launched_at(stage.http, campaign)

    ended = await stage.go(await resumed(stage.http, run))

    assert (stopped["state"], states(stopped)) == ("cancelled", ["succeeded"] * 2)
    assert before is None
    assert (ended["state"], ended["steps"]) == ("succeeded", [])
    assert await launched_at(stage.http, campaign) is not None
