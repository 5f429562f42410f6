"""Runs of groups: one job at a time, what a failure does, and what is told at the end."""

import json

import pytest

from app.models.states import RunState
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
from tests.jobs.making import refused

WELL, WARNED = RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS
BADLY, CANCELLED = RunState.FAILED, RunState.CANCELLED


async def test_jobs_run_one_at_a_time_in_their_order(stage: Stage) -> None:
    members = await jobs(stage.http)
    run = await started(stage.http, await active(stage.http, members))

    seen = [states(run)]
    await stage.turn()
    for _ in members:
        seen.append(states(await stage.read(run)))
        await stage.end_job(run)
        await stage.turn()
    ended = await stage.read(run)
    children = (await stage.http.get("/v1/runs", params={"parent": run["id"]})).json()["items"]

    assert seen == [
        ["waiting", "waiting", "waiting"],
        ["running", "waiting", "waiting"],
        ["succeeded", "running", "waiting"],
        ["succeeded", "succeeded", "running"],
    ]
    assert (ended["state"], states(ended)) == ("succeeded", ["succeeded"] * 3)
    assert [ended[name] for name in ("total", "succeeded", "failed", "unprocessed")] == [3, 3, 0, 0]
    assert [child["job_id"] for child in children[::-1]] == [job["id"] for job in members]
    assert {child["trigger"] for child in children} == {"group"}


async def test_a_failing_middle_leaves_the_rest_launches_nothing_and_is_told_once(
    stage: Stage,
) -> None:
    campaign = await a_campaign(stage.http)
    fields = {"launch_campaigns": [campaign["id"]], "recipients": ["ops@example.com"]}
    group = await active(stage.http, await jobs(stage.http), **fields)
    run = await started(stage.http, group)

    await stage.go(run, WELL)
    before = await stage.letters()
    ended = await stage.go(run, BADLY)
    (letter,) = await stage.letters()
    (finished,) = await stage.told("group.finished")

    assert states(ended) == ["succeeded", "failed", "not_run"]
    assert (ended["state"], ended["error"]["code"]) == ("failed", "step_failed")
    assert [ended[name] for name in ("total", "succeeded", "failed", "unprocessed")] == [3, 1, 1, 1]
    assert await launched_at(stage.http, campaign) is None
    assert before == []
    assert letter["subject"] == "[Penstock] nightly: failed"
    lines = [line for line in letter["text"].splitlines() if line[:1].isdigit()]
    assert lines == ["1. job-0: succeeded", "2. job-1: failed (went_wrong)", "3. job-2: not run"]
    assert (letter["cause"], str(letter["cause_id"])) == ("group", run["id"])
    assert (finished["state"], finished["launched"]) == ("failed", [])
    assert [step["state"] for step in finished["steps"]] == states(ended)
    assert finished["steps"][1]["error_code"] == "went_wrong"


async def test_resuming_repeats_nothing_that_succeeded_and_launches_once(stage: Stage) -> None:
    campaign = await a_campaign(stage.http)
    members = await jobs(stage.http)
    group = await active(stage.http, members, launch_campaigns=[campaign["id"]])
    run = await started(stage.http, group)
    await stage.go(run, WELL, BADLY)

    child = await resumed(stage.http, run)
    ended = await stage.go(child, WELL, WELL)
    launches = await stage.told("campaign.launched")

    assert (child["trigger"], child["parent_run_id"]) == ("resume", run["id"])
    assert [step["job_id"] for step in ended["steps"]] == [job["id"] for job in members[1:]]
    assert (ended["state"], ended["details"]["launched"]) == ("succeeded", [campaign["id"]])
    assert [(one["campaign_id"], one["run_id"]) for one in launches] == [
        (campaign["id"], ended["id"])
    ]
    assert await launched_at(stage.http, campaign) is not None


async def test_a_chain_may_be_resumed_more_than_once_each_run_once(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))
    await stage.go(run, BADLY)

    second = await resumed(stage.http, run)
    await stage.go(second, WELL, BADLY)
    again = await stage.http.post(f"/v1/runs/{run['id']}/resume")
    third = await resumed(stage.http, second)
    ended = await stage.go(third, WELL, WELL)
    whole = await stage.http.post(f"/v1/runs/{third['id']}/resume")

    refused(again, 409, "already_resumed")
    assert second["id"] in again.json()["detail"]
    assert (len(ended["steps"]), ended["state"]) == (2, "succeeded")
    refused(whole, 409, "run_not_resumable")


@pytest.mark.parametrize("state", [WARNED, WELL])
async def test_warnings_go_on_and_are_remembered(stage: Stage, state: RunState) -> None:
    campaign = await a_campaign(stage.http)
    members = await jobs(stage.http, 2)
    group = await active(stage.http, members, launch_campaigns=[campaign["id"]])

    ended = await stage.go(await started(stage.http, group), state, WELL)

    assert ended["state"] == state
    assert ended["details"]["launched"] == [campaign["id"]]


async def test_on_failure_continue_goes_on_and_has_failed_all_the_same(stage: Stage) -> None:
    first, second, third = await jobs(stage.http)
    campaign = await a_campaign(stage.http)
    members = [first, {"job": second["id"], "on_failure": "continue"}, third]
    group = await active(stage.http, members, launch_campaigns=[campaign["id"]])

    run = await started(stage.http, group)
    ended = await stage.go(run, WELL, BADLY, WELL)
    child = await resumed(stage.http, run)

    assert (ended["state"], states(ended)) == ("failed", ["succeeded", "failed", "succeeded"])
    assert await launched_at(stage.http, campaign) is None
    assert [step["job_id"] for step in child["steps"]] == [second["id"]]


async def test_always_runs_after_a_halt_and_others_do_not(stage: Stage) -> None:
    first, second, third = await jobs(stage.http)
    members = [first, second, {"job": third["id"], "always": True}]
    run = await started(stage.http, await active(stage.http, members))

    ended = await stage.go(run, BADLY, WELL)

    assert (ended["state"], states(ended)) == ("failed", ["failed", "not_run", "succeeded"])


async def test_a_job_that_somebody_cancels_halts_its_group(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))
    step = (await stage.go(run))["steps"][0]

    answer = await stage.http.post(f"/v1/runs/{step['run_id']}/cancel")
    await stage.turn()
    ended = await stage.read(run)

    assert answer.status_code == 200
    assert (ended["state"], states(ended)) == ("failed", ["cancelled", "not_run", "not_run"])


async def test_a_job_that_runs_elsewhere_is_waited_for(stage: Stage) -> None:
    members = await jobs(stage.http, 2)
    other = (await stage.http.post(f"/v1/jobs/{members[0]['id']}/runs")).json()
    run = await started(stage.http, await active(stage.http, members))

    waiting = await stage.go(run)
    await stage.end_other(other)
    await stage.turn()
    begun = await stage.read(run)
    ended = await stage.go(run, WELL, WELL)

    assert (waiting["state"], states(waiting)) == ("running", ["waiting", "waiting"])
    assert waiting["steps"][0]["is_waiting_for"] == other["id"]
    assert states(begun) == ["running", "waiting"]
    assert begun["steps"][0]["run_id"] != other["id"]
    assert ended["state"] == "succeeded"


async def test_how_a_run_elsewhere_ended_is_not_the_groups_affair(stage: Stage) -> None:
    members = await jobs(stage.http, 2)
    other = (await stage.http.post(f"/v1/jobs/{members[0]['id']}/runs")).json()
    run = await started(stage.http, await active(stage.http, members))
    await stage.turn()

    await stage.end_other(other, BADLY)

    assert (await stage.go(run, WELL, WELL))["state"] == "succeeded"


async def test_changes_of_a_group_are_for_runs_that_have_not_begun(stage: Stage) -> None:
    first, second, third = await jobs(stage.http)
    group = await active(stage.http, [first, second])
    run = await started(stage.http, group)
    await stage.turn()

    body = {"jobs": [first["id"], third["id"]]}
    changed = await stage.http.patch(f"/v1/groups/{group['id']}", json=body)
    ended = await stage.go(run, WELL, WELL)

    assert changed.status_code == 200
    assert [step["job_id"] for step in ended["steps"]] == [first["id"], second["id"]]
    assert ended["state"] == "succeeded"


@pytest.mark.parametrize(
    ("wanted", "endings", "letters"),
    [
        (["success"], [WELL, WELL], 1),
        (["success"], [BADLY], 0),
        (["failure"], [WELL, WELL], 0),
        (["failure"], [BADLY], 1),
        ([], [BADLY], 0),
    ],
)
async def test_who_wants_to_hear_of_it_does(
    stage: Stage, wanted: list[str], endings: list[RunState], letters: int
) -> None:
    fields = {"notify_on": wanted, "recipients": ["a@example.com", "b@example.com"]}
    group = await active(stage.http, await jobs(stage.http, 2), **fields)

    await stage.go(await started(stage.http, group), *endings)

    assert len(await stage.letters()) == letters


async def test_whoever_follows_a_run_sees_how_far_its_jobs_are(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http, 2)))
    await stage.turn()
    told: list[list[str]] = []
    place: dict[str, str] = {}

    for is_last in (False, False, True):
        answer = await stage.http.get(f"/v1/runs/{run['id']}/events", headers=place)
        (event,) = [one for one in answer.text.split("\n\n") if "event: run" in one]
        fields = dict(line.split(": ", 1) for line in event.splitlines())
        place = {"Last-Event-ID": fields["id"]}
        told.append(states(json.loads(fields["data"])))
        if not is_last:
            await stage.end_job(run)
            await stage.turn()

    assert told == [["running", "waiting"], ["succeeded", "running"], ["succeeded", "succeeded"]]
