"""Planned moments of groups: the same timetable, the same ledger, the same reasons as of jobs."""

from datetime import datetime, timedelta

import pytest

from app.models.states import RunState
from tests.conftest import MakeTenant
from tests.fires.making import DAY, HOUR, MINUTE, every, fires_of, next_hour, reasons_of, spoil
from tests.groups.making import Stage, active, change, done, jobs, make, read, started, states
from tests.jobs.making import Json, now_of, plan, refused

WELL, BADLY = RunState.SUCCEEDED, RunState.FAILED


async def hourly(stage: Stage, **fields: object) -> tuple[Json, datetime]:
    """An active group that is due every hour, and its first moment."""
    first = await next_hour(stage.resources, stage.tenant)
    return await active(
        stage.http, await jobs(stage.http, 2), schedule=every("PT1H", first, **fields)
    ), first


async def runs_of(stage: Stage, group: Json) -> list[Json]:
    answer = await stage.http.get("/v1/runs", params={"group": group["id"]})
    items: list[Json] = answer.json()["items"]
    return items[::-1]


async def pass_by(stage: Stage, group: Json, first: datetime, hours: int) -> None:
    """So many of its moments come, and each one's run is over before the next."""
    for passed in range(hours):
        await stage.plan_at(first + passed * HOUR, group)
        for run in await runs_of(stage, group):
            if run["state"] == "queued":
                await stage.go(run, WELL, WELL)


async def test_a_slot_has_its_minute_drawn_kept_and_recorded(stage: Stage) -> None:
    day = (await now_of(stage.resources, stage.tenant)).replace(hour=0, minute=0) + DAY
    # The account's zone is one in which it is noon: the day's start is the schedule's own zone's.
    daily = {"type": "daily", "hour": 20, "slot": "15-29", "timezone": "UTC"}
    schedule = daily | {"starts_at": day.isoformat()}
    group = await active(stage.http, await jobs(stage.http, 2), schedule=schedule)
    at = datetime.fromisoformat(group["next_fire_at"])
    again = await change(stage.http, group, schedule=schedule)

    await stage.plan_at(at, group)
    (run,) = await runs_of(stage, group)

    assert group["schedule"]["minute"] in range(15, 30)
    assert again.json()["schedule"] == group["schedule"]
    assert (run["trigger"], run["schedule_minute"]) == ("schedule", group["schedule"]["minute"])
    assert datetime.fromisoformat(run["planned_at"]) == at
    assert (await fires_of(stage.http, group))[0]["run_id"] == run["id"]


async def test_an_inactive_group_plans_nothing(stage: Stage) -> None:
    first = await next_hour(stage.resources, stage.tenant)
    group = await make(stage.http, await jobs(stage.http, 2), schedule=every("PT1H", first))
    before = group["next_fire_at"]

    await done(stage.http, group, "activate")
    planned = (await read(stage.http, group))["next_fire_at"]
    await done(stage.http, group, "deactivate")
    await stage.plan_at(first, group)

    assert before is None
    assert datetime.fromisoformat(planned) == first
    assert (await read(stage.http, group))["next_fire_at"] is None
    assert await fires_of(stage.http, group) == []


async def test_force_does_not_move_the_rhythm(stage: Stage) -> None:
    group, first = await hourly(stage)
    before = (await read(stage.http, group))["next_fire_at"]

    run = await started(stage.http, group, "force")
    await stage.go(run, WELL, WELL)
    after = (await read(stage.http, group))["next_fire_at"]
    await pass_by(stage, group, first, 2)

    assert (run["trigger"], before) == ("force", after)
    assert await reasons_of(stage.http, group) == ["ran", "ran"]


async def test_force_works_while_paused_and_uses_up_no_skip(stage: Stage) -> None:
    group, first = await hourly(stage)
    await change(stage.http, group, is_paused=True)
    order = {"count": 1, "reason": "moving"}
    skipped = await stage.http.post(f"/v1/groups/{group['id']}/skip", json=order)

    await stage.go(await started(stage.http, group, "force"), WELL, WELL)
    shown = await read(stage.http, group)
    await pass_by(stage, group, first, 1)
    await change(stage.http, group, is_paused=False)

    assert skipped.json()["skips_left"] == 1
    assert (shown["is_paused"], shown["paused_by"], shown["skips_left"]) == (True, "marketo", 1)
    assert await reasons_of(stage.http, group) == ["paused"]


async def test_a_skip_passes_over_by_itself(stage: Stage) -> None:
    group, first = await hourly(stage)
    path = f"/v1/groups/{group['id']}"

    order = {"count": 2, "reason": "moving the warehouse"}
    answer = await stage.http.post(f"{path}/skip", json=order)
    preview = (await stage.http.get(f"{path}/schedule/preview", params={"count": 3})).json()
    await pass_by(stage, group, first, 3)
    fires = await fires_of(stage.http, group)

    assert [datetime.fromisoformat(at) for at in answer.json()["fires"]] == [first, first + HOUR]
    shown = [fire["reason"] for fire in preview["items"]]
    assert shown == ["skip_requested", "skip_requested", None]
    assert [fire["reason"] for fire in fires] == ["skip_requested", "skip_requested", None]
    assert fires[0]["details"] == {"reason": "moving the warehouse"}


async def test_what_is_left_of_a_skip_is_undone(stage: Stage) -> None:
    group, first = await hourly(stage)
    path = f"/v1/groups/{group['id']}/skip"
    await stage.http.post(path, json={"count": 2, "reason": "moving"})
    await pass_by(stage, group, first, 1)

    undone = await stage.http.delete(path)
    await pass_by(stage, group, first + HOUR, 1)

    assert undone.status_code == 204
    assert await reasons_of(stage.http, group) == ["skip_requested", "ran"]


async def test_without_a_schedule_there_is_nothing_to_skip_preview_or_pause(stage: Stage) -> None:
    group = await active(stage.http, await jobs(stage.http, 2))
    path = f"/v1/groups/{group['id']}"

    for answer in (
        await stage.http.post(f"{path}/skip", json={"reason": "moving"}),
        await stage.http.get(f"{path}/schedule/preview"),
        await change(stage.http, group, is_paused=True),
    ):
        refused(answer, 409, "not_scheduled")
    assert (await stage.http.delete(f"{path}/skip")).status_code == 204


@pytest.mark.parametrize("deed", ["runs", "force"])
async def test_a_second_run_is_refused_and_the_first_is_named(stage: Stage, deed: str) -> None:
    group = await active(stage.http, await jobs(stage.http, 2))
    run = await started(stage.http, group)

    answer = await stage.http.post(f"/v1/groups/{group['id']}/{deed}")

    refused(answer, 409, "already_running")
    assert answer.headers["Location"] == f"/v1/runs/{run['id']}"


@pytest.mark.parametrize("deed", ["runs", "force"])
async def test_an_inactive_group_does_not_run(stage: Stage, deed: str) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))

    answer = await stage.http.post(f"/v1/groups/{group['id']}/{deed}")

    refused(answer, 409, "group_not_active")


async def test_a_moment_that_finds_a_run_at_work_passes(stage: Stage) -> None:
    group, first = await hourly(stage)

    for hours in range(2):
        await stage.plan_at(first + hours * HOUR, group)

    (run,) = await runs_of(stage, group)
    assert await reasons_of(stage.http, group) == ["ran", "overlap"]
    assert (await fires_of(stage.http, group))[1]["details"] == {"other_run_id": run["id"]}


async def test_buffered_runs_come_one_after_the_other(stage: Stage) -> None:
    group, first = await hourly(stage, overlap="buffer_one")
    for hours in range(3):
        await stage.plan_at(first + hours * HOUR, group)
        await stage.turn()
    before, after = await runs_of(stage, group)

    states_then = (before["state"], after["state"])
    await stage.go(before, WELL, WELL)
    now = await stage.read(after)

    assert await reasons_of(stage.http, group) == ["ran", "ran", "overlap"]
    assert states_then == ("running", "queued")
    assert (now["state"], states(now)) == ("running", ["running", "waiting"])


async def test_a_run_is_stopped_for_the_one_that_takes_its_place(stage: Stage) -> None:
    group, first = await hourly(stage, overlap="cancel_other")
    for hours in range(2):
        await stage.plan_at(first + hours * HOUR, group)
        await stage.turn()
    before, after = [await stage.read(run) for run in await runs_of(stage, group)]

    assert await reasons_of(stage.http, group) == ["ran", "ran"]
    assert (before["state"], states(before)) == ("cancelled", ["cancelled", "not_run"])
    assert (after["state"], states(after)) == ("running", ["running", "waiting"])


async def test_failures_in_a_row_pause_it(stage: Stage) -> None:
    group, first = await hourly(stage, pause_after_failures=2)
    for hours in range(3):
        await stage.plan_at(first + hours * HOUR, group)
        run = (await runs_of(stage, group))[-1]
        if run["state"] == "queued":
            await stage.go(run, BADLY)

    shown = await read(stage.http, group)

    assert await reasons_of(stage.http, group) == ["ran", "ran", "paused"]
    assert (shown["is_paused"], shown["paused_by"]) == (True, None)


async def test_the_plans_gap_holds_for_groups_too(stage: Stage, make_tenant: MakeTenant) -> None:
    """Or a group of two would run its jobs more often than the plan lets them run alone."""
    await plan(make_tenant, stage.tenant, minimum_gap_minutes=60)
    first = await next_hour(stage.resources, stage.tenant)
    members = [job["id"] for job in await jobs(stage.http, 2)]
    told = {"name": "nightly", "never_expires": True, "jobs": members}

    near = await stage.http.post("/v1/groups", json=told | {"schedule": every("PT30M", first)})
    apart = await stage.http.post("/v1/groups", json=told | {"schedule": every("PT1H", first)})

    assert [at for at, _ in refused(near, 422, "gap_too_small")] == ["/schedule/every"]
    assert apart.status_code == 201


async def test_a_change_of_the_schedule_first_records_what_was_due(stage: Stage) -> None:
    group, _ = await hourly(stage)
    past = await now_of(stage.resources, stage.tenant) - timedelta(seconds=20)
    await stage.write(
        "UPDATE timetables SET planned_until = $2, next_at = $3,"
        " schedule = jsonb_set(schedule, '{starts_at}', to_jsonb($3::timestamptz))"
        " WHERE owner_id = $1",
        *(group["id"], past - MINUTE, past),
    )

    answer = await change(stage.http, group, schedule=None)

    assert answer.json()["next_fire_at"] is None
    assert (await reasons_of(stage.http, group))[-1:] == ["ran"]


@pytest.mark.parametrize("deed", ["save", "skip", "deactivate", "delete"])
async def test_a_group_whose_timetable_cannot_be_fired_can_be_changed(
    stage: Stage, deed: str
) -> None:
    group, _ = await hourly(stage)
    await spoil(stage.resources, stage.tenant, group)
    place = f"/v1/groups/{group['id']}"

    if deed == "save":
        answer = await change(stage.http, group, description="mended")
    elif deed == "skip":
        answer = await stage.http.post(f"{place}/skip", json={"reason": "moving"})
    elif deed == "deactivate":
        answer = await stage.http.post(f"{place}/deactivate")
    else:
        answer = await stage.http.delete(place)
    (fire,) = await fires_of(stage.http, group)

    assert answer.is_success, answer.text
    assert fire["reason"] == "missed_window"
    if deed in ("save", "skip"):
        now = await read(stage.http, group)
        assert (now["next_fire_at"], now["held_up"]) == (group["next_fire_at"], None)
