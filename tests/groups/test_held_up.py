"""What cannot be moved on, by a fault of ours: seen, left alone for longer and longer, no trouble
of its neighbours', and done once it can be.
"""

from datetime import datetime, timedelta

from app.core.driver import driver_of
from app.models.states import RunState
from tests.groups.making import Stage, active, jobs, started
from tests.jobs.making import Json, change, now_of
from workers.fires import look_for_overdue, tend_expiries
from workers.groups import advance_due

WELL = RunState.SUCCEEDED
DAY = timedelta(days=1)
_SPOIL = "UPDATE group_runs SET terms = terms - 'launch_campaigns' WHERE run_id = $1"
_MEND = "UPDATE group_runs SET terms = terms || '{\"launch_campaigns\": []}' WHERE run_id = $1"
_FREE = "UPDATE pending_groups SET try_again_at = now() WHERE group_run_id = $1"
# A zone that no schedule can have.
_SPOIL_PLAN = (
    'UPDATE timetables SET schedule = schedule || \'{"timezone": "Nowhere/Else"}\''
    " WHERE owner_id = $1"
)


async def hopeless(stage: Stage) -> Json:
    """A run of a group whose last job has ended, and that nobody can finish."""
    run = await started(stage.http, await active(stage.http, await jobs(stage.http, 2)))
    await stage.go(run, WELL)
    await stage.write(_SPOIL, run["id"])
    await stage.end_job(run)
    return run


async def test_a_run_that_cannot_be_moved_on_is_seen_and_left_alone(stage: Stage) -> None:
    run = await hopeless(stage)
    before = (await stage.read(run))["held_up"]

    first = await advance_due(stage.work)
    second = await advance_due(stage.work)
    held_up = (await stage.read(run))["held_up"]

    assert before is None
    assert (first, second) == (1, 0)
    assert held_up["tries"] == 1
    assert held_up["try_again_at"] > held_up["since"]


async def test_its_pause_grows_and_the_first_turn_that_works_ends_it(stage: Stage) -> None:
    run = await hopeless(stage)
    ends = []
    for _ in range(3):
        await stage.write(_FREE, run["id"])
        await advance_due(stage.work)
        ends.append((await stage.read(run))["held_up"])
    await stage.write(_MEND, run["id"])
    await stage.write(_FREE, run["id"])
    await advance_due(stage.work)
    mended = await stage.read(run)

    assert [end["tries"] for end in ends] == [1, 2, 3]
    moments = [datetime.fromisoformat(end["try_again_at"]) for end in ends]
    assert moments[1] - moments[0] > timedelta(seconds=1)
    assert moments[2] - moments[1] > timedelta(seconds=2)
    assert len({end["since"] for end in ends}) == 1
    assert (mended["state"], mended["held_up"]) == ("succeeded", None)


async def test_something_new_moves_it_at_once(stage: Stage) -> None:
    run = await hopeless(stage)
    await advance_due(stage.work)
    await stage.write(_MEND, run["id"])
    await stage.write(
        "INSERT INTO pending_groups (account_id, group_run_id, cause_run_id, due_at)"
        " SELECT account_id, run_id, gen_random_uuid(), '-infinity' FROM group_runs"
        " WHERE run_id = $1",
        run["id"],
    )

    await advance_due(stage.work)

    assert (await stage.read(run))["state"] == "succeeded"


async def test_an_end_that_cannot_be_told_of_holds_up_no_other(stage: Stage) -> None:
    bad, good = await jobs(stage.http, 2)
    soon = await now_of(stage.resources, stage.tenant) + 10 * DAY
    for job in (bad, good):
        await change(stage.http, job, expires_at=soon.isoformat())
        await stage.write(
            "UPDATE jobs SET expires_at = $2 WHERE id = $1", job["id"], soon - 9.5 * DAY
        )
    # Whom to tell cannot be read.
    await stage.write("UPDATE jobs SET alert = '{}' WHERE id = $1", bad["id"])
    await stage.write(
        "UPDATE pending_expiries SET due_at = CASE WHEN owner_id = $1 THEN '-infinity'::timestamptz"
        " ELSE now() - interval '1 day' END",
        bad["id"],
    )

    await tend_expiries(stage.work)

    assert [one["job_id"] for one in await stage.told("job.expiring")] == [good["id"]]
    assert await is_put_off(stage, "pending_expiries", "due_at", bad)


async def test_a_watch_that_cannot_be_looked_at_waits_an_hour(stage: Stage) -> None:
    (job,) = await jobs(stage.http, 1, schedule={"type": "cron", "cron": "10 * * * *"})
    await stage.write(_SPOIL_PLAN, job["id"])

    await look_for_overdue(stage.work)

    assert await is_put_off(stage, "watches", "look_at", job)


async def is_put_off(stage: Stage, table: str, column: str, owner: Json) -> bool:
    async with stage.resources.unit_of_work(stage.tenant.account_id) as session:
        driver = await driver_of(session)
        sql = (
            f"SELECT {column} > business_now() + interval '50 min' FROM {table} WHERE owner_id = $1"
        )
        found: bool = await driver.fetchval(sql, owner["id"])
    return found
