"""Silence is noticed: a schedule whose success does not come is late, then down, and told once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.fires import overdue
from app.fires.queries import Owner
from app.fires.watches import _DUE
from app.models.states import OwnerKind, RunState
from app.runs import queue, watching
from tests.conftest import Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    every,
    next_hour,
    plan_at,
    runs_of,
    scheduled,
    told,
)
from tests.jobs.making import Json, change, done, now_of, read
from tests.jobs.test_expiry import tend
from tests.mail.reading import letters_of, subjects_of

pytestmark = pytest.mark.usefixtures("_roomy")

OPS = {"emails": ["ops@example.com"]}


@pytest.fixture
async def noon(tenant: Tenant, resources: Resources) -> datetime:
    """A day's noon that is still to come, called 12:00 here."""
    now = await now_of(resources, tenant)
    return now.replace(hour=12, minute=0, second=0, microsecond=0) + 2 * DAY


class Watcher:
    """What the tests do to a job at moments of their own."""

    def __init__(self, resources: Resources, tenant: Tenant, job: Json, noon: datetime) -> None:
        self.resources, self.tenant, self.job, self._noon = resources, tenant, job, noon

    def at(self, time: str) -> datetime:
        hours, minutes = map(int, time.split(":"))
        return self._noon.replace(hour=0) + timedelta(hours=hours, minutes=minutes)

    async def look(self, when: str | datetime) -> tuple[datetime | None, datetime | None, bool]:
        """Have the sweep look at that moment: when it is late, when down, whether it is."""
        now = self.at(when) if isinstance(when, str) else when
        account_id = self.tenant.account_id
        owner = Owner(account_id, OwnerKind.JOB, UUID(self.job["id"]))
        async with self.resources.unit_of_work(account_id, purpose=Purpose.OVERDUE) as session:
            await overdue.look(session, [owner], now=now)
            row = await (await driver_of(session)).fetchrow(
                "SELECT late_at, down_at, down_since FROM watches"
                " WHERE account_id = $1 AND owner_id = $2",
                account_id,
                owner.owner_id,
            )
        assert row is not None
        return row["late_at"], row["down_at"], row["down_since"] is not None

    async def succeeded(self, when: str, state: RunState = RunState.SUCCEEDED) -> None:
        account_id, at = self.tenant.account_id, self.at(when)
        async with self.resources.unit_of_work(account_id) as session:
            place = (session, account_id, OwnerKind.JOB, UUID(self.job["id"]))
            await watching.note_end(*place, state, run_id=UUID(int=1), at=at)

    async def events(self) -> tuple[int, int]:
        """How many events say that it is overdue, and that it has recovered."""
        kinds = ("job.overdue", "job.recovered")
        overdue_, recovered = [await told(self.resources, self.tenant, kind) for kind in kinds]
        return len(overdue_), len(recovered)


async def watching_over(
    resources: Resources, tenant: Tenant, noon: datetime, schedule: Json, **fields: Any
) -> Watcher:
    """A published job, watched from the midnight before `noon` on."""
    job = await scheduled(tenant.http, schedule, alert=OPS, **fields)
    watcher = Watcher(resources, tenant, job, noon)
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE watches SET since = $2, look_at = $2 WHERE account_id = $1",
            tenant.account_id,
            watcher.at("0:00"),
        )
    return watcher


def hourly(noon: datetime, **fields: Any) -> Json:
    return every("PT1H", noon - 2 * HOUR, **fields)


def ten_past(**fields: Any) -> Json:
    return {"type": "cron", "cron": "10 * * * *", "timezone": "UTC", **fields}


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
    tenant: Tenant, resources: Resources
) -> None:
    """An import that takes longer than the grace is not silent."""
    first = await next_hour(resources, tenant)
    watcher = await watching_over(resources, tenant, first.replace(hour=12), every("PT1H", first))
    await plan_at(resources, tenant, first, watcher.job)
    (run,) = await runs_of(tenant.http, watcher.job)
    account_id, run_id = tenant.account_id, UUID(run["id"])
    async with resources.unit_of_work(account_id) as session:
        driver = await driver_of(session)
        await driver.execute("UPDATE pending_runs SET due_at = business_now()")
        lease = resources.settings.scoring.lease
        place = (session, account_id, run_id)
        assert await queue.claim(*place, holder="test", lease=lease, places=9) is not None

    at_work = await watcher.look(first + 5 * MINUTE)
    later = await watcher.look(first + 10 * MINUTE)
    async with resources.unit_of_work(account_id) as session:
        await queue.end_run(session, account_id, run_id, RunState.FAILED, error=("raised", "boom"))
    ended = await watcher.look(first + 11 * MINUTE)

    assert [found[2] for found in (at_work, later, ended)] == [False, False, True]
    assert await subjects_of(resources, tenant) == ["nightly failed", "nightly is overdue"]
    assert await watcher.events() == (1, 0)


async def test_a_run_that_nobody_begins_is_silence(tenant: Tenant, resources: Resources) -> None:
    first = await next_hour(resources, tenant)
    watcher = await watching_over(resources, tenant, first.replace(hour=12), every("PT1H", first))
    await plan_at(resources, tenant, first, watcher.job)

    assert (await watcher.look(first + 5 * MINUTE))[2]


async def test_a_hundred_thousand_others_are_not_looked_at(
    tenant: Tenant, resources: Resources
) -> None:
    """What is due is found by its index; what is not due is not read."""
    async with resources.look_everywhere() as connection:
        explained = text(f"EXPLAIN {_DUE.text}")
        plan = "\n".join((await connection.scalars(explained, {"most": 10})).all())

    assert "ix_watches_look" in plan
    assert "Seq Scan on watches" not in plan
