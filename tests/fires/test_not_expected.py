"""Where nothing is expected, nothing is overdue: paused, skipped, blacked out, not published."""

from datetime import datetime

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.conftest import Tenant
from tests.fires.making import (
    HOUR,
    MINUTE,
    plan_at,
)
from tests.fires.watching import hourly, ten_past, watching_over
from tests.jobs.making import change, done, now_of, read
from tests.jobs.test_expiry import tend

pytestmark = pytest.mark.usefixtures("_roomy")


async def test_while_it_is_paused_nothing_is_expected(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await watcher.succeeded("12:30")
    await change(tenant.http, watcher.job, is_paused=True)

    assert await watcher.look("13:15") == (None, None, False)
    assert (await read(tenant.http, watcher.job))["standing"] is None
    resumed = (await change(tenant.http, watcher.job, is_paused=False)).json()
    assert resumed["standing"] == "up"
    assert await watcher.events() == (0, 0)


async def test_what_its_failures_have_paused_is_silence_nobody_wanted(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past(pause_after_failures=1))
    await watcher.succeeded("12:30")
    async with resources.unit_of_work(tenant.account_id) as session:
        # As the planner does where it counts failures.
        await (await driver_of(session)).execute(
            "UPDATE timetables SET is_paused = true WHERE account_id = $1", tenant.account_id
        )
    await plan_at(resources, tenant, watcher.at("13:10"), watcher.job)

    before = await watcher.look("13:14")
    down = await watcher.look("13:15")
    shown = await read(tenant.http, watcher.job)
    await change(tenant.http, watcher.job, is_paused=False)
    await watcher.succeeded("14:10")

    assert before == (watcher.at("13:10"), watcher.at("13:15"), False)
    assert (down[2], shown["is_paused"], shown["standing"]) == (True, True, "down")
    assert await watcher.events() == (1, 1)


@pytest.mark.parametrize("deed", ["unpublish", "delete", "expire"])
async def test_what_plans_nothing_is_not_expected(
    tenant: Tenant, resources: Resources, noon: datetime, deed: str
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await watcher.succeeded("12:30")
    if deed == "unpublish":
        await done(tenant.http, watcher.job, "unpublish")
    elif deed == "delete":
        await tenant.http.delete(f"/v1/jobs/{watcher.job['id']}")
    else:
        ends = (await now_of(resources, tenant) + HOUR).isoformat()
        await change(tenant.http, watcher.job, expires_at=ends)
        await tend(resources, tenant, watcher.job, await now_of(resources, tenant) + 2 * HOUR)

    assert await watcher.look("13:15") == (None, None, False)
    assert await watcher.events() == (0, 0)


@pytest.mark.parametrize("is_maintenance", [True, False])
@pytest.mark.parametrize("kind", ["interval", "cron"])
async def test_moments_that_are_skipped_are_not_expected(
    tenant: Tenant, resources: Resources, noon: datetime, kind: str, is_maintenance: bool
) -> None:
    """Neither while they are to come, nor when they have passed."""
    schedule = hourly(noon) if kind == "interval" else ten_past()
    watcher = await watching_over(resources, tenant, noon, schedule)
    first = "12:00" if kind == "interval" else "12:10"
    await plan_at(resources, tenant, watcher.at(first), watcher.job)
    await watcher.succeeded(first)
    order = {"count": 2, "reason": "moving", "maintenance": is_maintenance}
    path = f"/v1/jobs/{watcher.job['id']}/skip"
    fires = (await tenant.http.post(path, json=order)).json()["fires"]
    minute = first[-2:]
    expected = (watcher.at(f"15:{minute}"), watcher.at(f"15:{minute}") + 5 * MINUTE, False)

    before = await watcher.look(f"12:{minute}")
    await plan_at(resources, tenant, watcher.at(f"14:{minute}"), watcher.job)
    after = await watcher.look("14:30")

    assert [datetime.fromisoformat(at) for at in fires] == [
        watcher.at(f"13:{minute}"),
        watcher.at(f"14:{minute}"),
    ]
    assert (before, after) == (expected, expected)
    assert (await watcher.look("15:15"))[2]


async def test_a_skip_that_is_undone_is_expected_again(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await plan_at(resources, tenant, watcher.at("12:10"), watcher.job)
    await watcher.succeeded("12:10")
    path = f"/v1/jobs/{watcher.job['id']}/skip"
    await tenant.http.post(path, json={"count": 3, "reason": "moving"})
    skipped = await watcher.look("12:20")
    await tenant.http.delete(path)

    assert skipped[0] == watcher.at("16:10")
    assert (await watcher.look("12:21"))[0] == watcher.at("13:10")


async def test_a_skip_does_not_excuse_what_was_late_before_it(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    watcher = await watching_over(resources, tenant, noon, ten_past())
    await watcher.succeeded("12:10")
    await plan_at(resources, tenant, watcher.at("13:10"), watcher.job)
    order = {"count": 1, "reason": "moving"}
    answer = await tenant.http.post(f"/v1/jobs/{watcher.job['id']}/skip", json=order)

    assert answer.status_code == 200
    assert (await watcher.look("13:15"))[2]


async def test_blackouts_are_not_expected(
    tenant: Tenant, resources: Resources, noon: datetime
) -> None:
    hours = [{"starts": "08:00", "ends": "13:00"}]
    schedule = ten_past(allowed_hours=hours)
    watcher = await watching_over(resources, tenant, noon, schedule)
    await watcher.succeeded("12:30")

    assert (await watcher.look("12:30"))[0] == watcher.at("32:10")
