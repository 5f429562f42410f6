"""Silence is noticed: a schedule whose success does not come is late, then down, and told once."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.driver import driver_of
from app.core.resources import Resources
from app.fires.watches import _DUE
from app.models.states import RunState
from app.runs import queue
from tests.conftest import Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    every,
    plan_at,
    runs_of,
    told,
)
from tests.fires.watching import hourly, ten_past, watching_over
from tests.jobs.making import change
from tests.mail.reading import letters_of, subjects_of

pytestmark = pytest.mark.usefixtures("_roomy")


@pytest.mark.parametrize(
    ("kind", "success", "late", "down"),
    [("interval", "12:00", "13:00", "13:05"), ("cron", "12:30", "13:10", "13:15")],
)
async def test_late_after_its_period_and_down_after_its_grace(
    tenant: Tenant, resources: Resources, noon: datetime, kind: str,
    success: str, late: str, down: str,
) -> None:  # fmt: skip
    schedule = hourly(noon) if kind == "interval" else ten_past()
    watcher = await watching_over(resources, tenant, noon, schedule)
    await watcher.succeeded(success)
    late_at, down_at = watcher.at(late), watcher.at(down)

    assert await watcher.look(watcher.at(success)) == (late_at, down_at, False)
    for now in (late_at - SECOND, late_at, down_at - SECOND):
        assert await watcher.look(now) == (late_at, down_at, False)
    assert await watcher.events() == (0, 0)
    for now in (down_at, down_at + SECOND, down_at + DAY):
        assert await watcher.look(now) == (late_at, down_at, True)

    assert await watcher.events() == (1, 0)
    assert await letters_of(resources, tenant) == [("overdue", "nightly is overdue")]
    (event,) = await told(resources, tenant, "job.overdue")
    assert datetime.fromisoformat(event["expected_at"]) == late_at
    assert datetime.fromisoformat(event["last_success_at"]) == watcher.at(success)


async def test_the_next_success_recovers_once(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await watcher.succeeded("12:30")
    await watcher.look("12:30")
    await watcher.look("13:15")
    await watcher.succeeded("13:20", RunState.FAILED)
    still = await watcher.look("13:21")
    for time in ("13:40", "14:11"):
        await watcher.succeeded(time)

    assert still[2]
    assert await watcher.events() == (1, 1)
    (event,) = await told(resources, tenant, "job.recovered")
    assert event["recovered_from"] == "overdue"
    assert await watcher.look("14:12") == (watcher.at("15:10"), watcher.at("15:15"), False)


async def test_a_job_that_never_ran_is_expected_from_its_publication_on(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, hourly(noon, grace="PT20M"))

    assert await watcher.look("0:00") == (watcher.at("10:00"), watcher.at("10:20"), False)
    assert (await watcher.look("10:20"))[2]


async def test_another_schedule_is_watched_from_then_on(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await change(tenant.http, watcher.job, description="the same")
    same = await watcher.look("0:01")
    await change(tenant.http, watcher.job, schedule=hourly(noon, grace="PT1H"))

    assert same[0] == watcher.at("0:10")
    assert (await watcher.look("0:02"))[:2] == (watcher.at("10:00"), watcher.at("11:00"))


async def test_a_run_at_work_is_waited_for_and_its_failure_is_not_forgiven(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    """An import that takes longer than the grace is not silent."""
    watcher = await watching_over(resources, tenant, noon, every("PT1H", noon))
    await plan_at(resources, tenant, noon, watcher.job)
    (run,) = await runs_of(tenant.http, watcher.job)
    account_id, run_id = tenant.account_id, UUID(run["id"])
    async with resources.unit_of_work(account_id) as session:
        driver = await driver_of(session)
        await driver.execute("UPDATE pending_runs SET due_at = business_now()")
        place = (session, account_id, run_id)
        assert await queue.claim(*place, holder="test", lease=HOUR, places=9) is not None

    at_work = await watcher.look(noon + 5 * MINUTE)
    later = await watcher.look(noon + 10 * MINUTE)
    async with resources.unit_of_work(account_id) as session:
        await queue.end_run(session, account_id, run_id, RunState.FAILED, error=("raised", "boom"))
    ended = await watcher.look(noon + 11 * MINUTE)

    assert [found[2] for found in (at_work, later, ended)] == [False, False, True]
    assert await subjects_of(resources, tenant) == ["nightly failed", "nightly is overdue"]
    assert await watcher.events() == (1, 0)


async def test_a_run_that_nobody_begins_is_silence(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, every("PT1H", noon))
    await plan_at(resources, tenant, noon, watcher.job)

    assert (await watcher.look(noon + 5 * MINUTE))[2]


async def test_a_hundred_thousand_others_are_not_looked_at(
    tenant: Tenant, resources: Resources
) -> None:
    """What is due is found by its index; what is not due is not read."""
    async with resources.look_everywhere() as connection:
        explained = text(f"EXPLAIN {_DUE.text}")
        plan = "\n".join((await connection.scalars(explained, {"most": 10})).all())

    assert "ix_watches_look" in plan
    assert "Seq Scan on watches" not in plan
