"""Jobs that a group comes to and that cannot run: their step has failed, and no run is there."""

from datetime import datetime, timedelta

import pytest

from app.models.states import RunState
from tests.conftest import MakeTenant
from tests.groups.making import Stage, active, jobs, resumed, started, states
from tests.jobs import making
from tests.jobs.making import Json, now_of, plan

WELL, BADLY = RunState.SUCCEEDED, RunState.FAILED
HOUR = timedelta(hours=1)


def codes(run: Json) -> list[str | None]:
    return [step["error_code"] for step in run["steps"]]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"executions_per_day": 1}, "quota_executions"),
        ({"minutes_per_day": 60}, "quota_minutes"),
    ],
)
async def test_a_quota_refusal_is_a_failed_step(
    stage: Stage, make_tenant: MakeTenant, limits: Json, code: str
) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))
    await stage.turn()
    first = (await stage.read(run))["steps"][0]["run_id"]
    await stage.begin_at(first, await now_of(stage.resources, stage.tenant) - timedelta(minutes=5))
    await plan(make_tenant, stage.tenant, **limits)

    ended = await stage.go(run, WELL)
    (told,) = await stage.told("run.refused")

    assert states(ended) == ["succeeded", "failed", "not_run"]
    assert codes(ended) == [None, code, None]
    assert ended["steps"][1]["run_id"] is None
    assert (told["trigger"], told["reason"]) == ("group", code)


async def test_a_refused_step_may_be_gone_over(stage: Stage, make_tenant: MakeTenant) -> None:
    """And so may one after the other: each refusal is a turn of its own."""
    listed = [{"job": job["id"], "on_failure": "continue"} for job in await jobs(stage.http)]
    run = await started(stage.http, await active(stage.http, listed))
    await stage.turn()
    await plan(make_tenant, stage.tenant, executions_per_day=1)

    ended = await stage.go(run, WELL)

    assert states(ended) == ["succeeded", "failed", "failed"]
    assert codes(ended) == [None, "quota_executions", "quota_executions"]


async def test_a_refused_step_is_where_a_resume_begins(
    stage: Stage, make_tenant: MakeTenant
) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http, 2)))
    await stage.turn()
    await plan(make_tenant, stage.tenant, executions_per_day=1)
    await stage.go(run, WELL)
    await plan(make_tenant, stage.tenant, executions_per_day=10)

    ended = await stage.go(await resumed(stage.http, run), WELL)

    assert (ended["state"], [step["position"] for step in ended["steps"]]) == ("succeeded", [1])


async def test_the_groups_own_run_is_not_counted_its_jobs_are(stage: Stage) -> None:
    run = await started(stage.http, await active(stage.http, await jobs(stage.http)))
    await stage.go(run, WELL, WELL, WELL)

    limits = (await stage.http.get("/v1/account/limits")).json()

    assert limits["executions"]["used"] == 3
    assert {one["used"] for one in limits["invocations"]} == {1}


async def test_an_expired_job_is_a_failed_step_and_its_group_says_so(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    soon = await now_of(stage.resources, stage.tenant) + HOUR
    await making.change(stage.http, second, expires_at=soon.isoformat())
    group = await active(stage.http, [first, second])
    run = await started(stage.http, group)
    await stage.go(run)
    await expire(stage, second)

    ended = await stage.go(run, WELL)
    shown = (await stage.http.get(f"/v1/groups/{group['id']}")).json()

    assert states(ended) == ["succeeded", "failed"]
    assert codes(ended) == [None, "job_expired"]
    assert ended["error"]["detail"] == "The job job-1 ended as failed (job_expired)."
    assert "job_expired" in shown["warnings"]


async def test_an_expired_job_keeps_its_group_from_being_activated(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    soon = await now_of(stage.resources, stage.tenant) + HOUR
    await making.change(stage.http, second, expires_at=soon.isoformat())
    group = await active(stage.http, [first, second])
    await stage.http.post(f"/v1/groups/{group['id']}/deactivate")
    await expire(stage, second)

    answer = await stage.http.post(f"/v1/groups/{group['id']}/activate")

    assert making.refused(answer, 422, "invalid_group") == [("/jobs/1/job", "expired")]


@pytest.mark.parametrize(("deed", "code"), [("unpublish", "job_not_published"), ("", "job_gone")])
async def test_a_job_that_left_the_group_meanwhile_may_be_no_more(
    stage: Stage, deed: str, code: str
) -> None:
    first, second, third = await jobs(stage.http)
    group = await active(stage.http, [first, second])
    run = await started(stage.http, group)
    await stage.turn()
    body = {"jobs": [first["id"], third["id"]]}
    await stage.http.patch(f"/v1/groups/{group['id']}", json=body)
    if deed:
        await making.done(stage.http, second, deed)
    else:
        await stage.http.delete(f"/v1/jobs/{second['id']}")

    ended = await stage.go(run, WELL)

    assert codes(ended) == [None, code]


async def expire(stage: Stage, job: Json) -> None:
    """Let its time be over, an hour before it would be."""
    before: datetime = await now_of(stage.resources, stage.tenant) - HOUR
    await stage.write("UPDATE jobs SET expires_at = $2 WHERE id = $1", job["id"], before)
