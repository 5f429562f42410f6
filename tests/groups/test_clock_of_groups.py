"""Groups on the sandbox clock, with real jobs and real mail, all seen from outside."""

from collections.abc import AsyncIterator

import pytest

from app.core.resources import Resources
from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant
from tests.fires.making import HOUR, MINUTE, every, fires_of
from tests.fires.test_clock import advance
from tests.groups.making import Stage, a_campaign, active, jobs, launched_at, states
from tests.jobs.making import Json, now_of, published

# Nobody is let through to such an address.
NOWHERE = {"object": "people", "source": {"url": "https://10.0.0.1/people.csv"}}


@pytest.fixture
async def _worker(resources: Resources) -> AsyncIterator[None]:
    async with keeping_the_clock(resources):
        yield


async def runs_of(stage: Stage, group: Json) -> list[Json]:
    """The group's runs with their steps, oldest first."""
    answer = await stage.http.get("/v1/runs", params={"group": group["id"]})
    return [await stage.read(run) for run in answer.json()["items"][::-1]]


@pytest.mark.usefixtures("_worker")
async def test_every_moment_on_the_way_runs_all_jobs_before_the_next_one(
    stage: Stage, make_tenant: MakeTenant
) -> None:
    first = await now_of(stage.resources, stage.tenant) + 10 * MINUTE
    campaign = await a_campaign(stage.http)
    launch = [campaign["id"]]
    members = await jobs(stage.http, 2)
    group = await active(
        stage.http, members, schedule=every("PT1H", first), launch_campaigns=launch
    )

    await advance(make_tenant, "PT3H")
    runs = await runs_of(stage, group)

    assert [fire["outcome"] for fire in await fires_of(stage.http, group)] == ["ran"] * 3
    assert [run["state"] for run in runs] == ["succeeded"] * 3
    for run in runs:
        assert run["finished_at"] < (first + HOUR * (runs.index(run) + 1)).isoformat()
    launches = await stage.told("campaign.launched")
    assert [one["run_id"] for one in launches] == [run["id"] for run in runs]


@pytest.mark.usefixtures("_worker")
async def test_a_failing_middle_is_one_message_with_three_lines(
    stage: Stage, make_tenant: MakeTenant
) -> None:
    first = await now_of(stage.resources, stage.tenant) + 10 * MINUTE
    campaign = await a_campaign(stage.http)
    before, after = await jobs(stage.http, 2)
    middle = await published(stage.http, "middle", kind="import", config=NOWHERE)
    group = await active(
        stage.http,
        [before, middle, after],
        schedule=every("P1D", first),
        launch_campaigns=[campaign["id"]],
        recipients=["ops@example.com"],
    )

    await advance(make_tenant, "PT1H")
    (run,) = await runs_of(stage, group)
    mails = (await stage.http.get("/v1/mailbox")).json()["items"]
    # An hour later the success is overdue, too, and that is told for itself.
    (mail,) = [one for one in mails if one["cause"] == "group"]

    assert (run["state"], states(run)) == ("failed", ["succeeded", "failed", "not_run"])
    assert await launched_at(stage.http, campaign) is None
    assert (mail["to"], mail["subject"]) == ("ops@example.com", "[Penstock] nightly: failed")
    lines = [line for line in mail["text"].splitlines() if line[:1].isdigit()]
    why = run["steps"][1]["error_code"]
    assert lines == ["1. job-0: succeeded", f"2. middle: failed ({why})", "3. job-1: not run"]
