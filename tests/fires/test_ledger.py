"""The ledger: for whatever planners did and whenever they came, a line for each planned moment."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.fires.rules import Situation, take_turn
from app.jobs import firing
from app.models.states import FireReason
from app.schedules.rules import planned
from app.schedules.schemas import Schedule, stored
from tests.conftest import Tenant
from tests.fires.making import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    at,
    every,
    fires_of,
    next_hour,
    plan_at,
    scheduled,
)
from tests.jobs.making import SECRET, Json

START = datetime(2026, 3, 1, tzinfo=UTC)


def a_schedule(**fields: object) -> Schedule:
    return stored({"timezone": "Europe/Berlin", **fields})


SCHEDULES = [
    a_schedule(type="interval", every="PT7H", starts_at=START.isoformat()),
    a_schedule(type="interval", every="PT30M", anchor="midnight"),
    a_schedule(type="daily", at=["02:30", "03:30"]),
    a_schedule(type="daily", at=["02:30"], dst="skip"),
    a_schedule(type="weekly", weekdays=["sun"], at=["02:30"], overlap="buffer_all"),
    a_schedule(type="monthly", days=["last"], at=["23:59"]),
    a_schedule(type="cron", cron="*/45 1-4 * * *"),
    a_schedule(type="once", starts_at=(START + 9 * DAY).isoformat()),
]
JUMPS = st.lists(
    st.one_of(
        st.timedeltas(SECOND, MINUTE),
        st.timedeltas(MINUTE, HOUR),
        st.timedeltas(HOUR, DAY),
        st.timedeltas(DAY, 40 * DAY),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    schedule=st.sampled_from(SCHEDULES),
    jumps=JUMPS,
    skips=st.integers(0, 5),
    is_paused=st.booleans(),
    lives=st.none() | st.timedeltas(MINUTE, 60 * DAY),
)
def test_whatever_the_looks_each_planned_moment_is_judged_once(
    schedule: Schedule, jumps: list[timedelta], skips: int, is_paused: bool, lives: timedelta | None
) -> None:
    ends = None if lives is None else START + lives
    now, until, left, found = START, START, skips, []
    for jump in jumps:
        now += jump
        while True:
            situation = Situation(schedule, until, ends, is_paused, left)
            turn = take_turn(situation, now=now)
            assert turn.planned_until is not None
            found += turn.verdicts
            until, left = turn.planned_until, left - turn.skips_used
            if turn.next_at is None or turn.next_at > now:
                break

    last = now if ends is None else min(now, ends - timedelta(microseconds=1))
    assert [said.fire for said in found] == list(planned(schedule, after=START, until=last))
    skipped = [said for said in found if said.reason is FireReason.SKIP_REQUESTED]
    assert len(skipped) == skips - left


@pytest.mark.usefixtures("_roomy")
async def test_two_planners_at_once_fire_nothing_twice(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    jobs = [
        await scheduled(tenant.http, every("PT1H", first), f"job-{number}") for number in range(20)
    ]

    found = await asyncio.gather(
        *(plan_at(resources, tenant, first, *jobs[start:], *jobs[:start]) for start in (0, 5, 10))
    )
    while await plan_at(resources, tenant, first, *jobs):
        pass

    assert sum(found) <= len(jobs)
    for job in jobs:
        assert len(await fires_of(tenant.http, job)) == 1


@pytest.mark.usefixtures("_roomy")
async def test_a_planner_that_dies_before_its_commit_has_fired_nothing(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    job = await scheduled(tenant.http, every("PT1H", first))
    place = [(tenant.account_id, UUID(job["id"]))]

    async def die() -> None:
        async with resources.unit_of_work(tenant.account_id, purpose=Purpose.FIRES) as session:
            assert await firing.fire_due(session, place, secret_key=SECRET, now=first) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await die()

    assert await fires_of(tenant.http, job) == []
    assert await plan_at(resources, tenant, first, job) == 1
    assert len(await fires_of(tenant.http, job)) == 1


def a_months_schedules(first: datetime) -> list[Json]:
    """Fifty of all types, at moments of all kinds."""
    times = [f"{hour:02}:{minute:02}" for hour in (0, 2, 13) for minute in (0, 30)]
    zones = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
    found: list[Json] = []
    for number, zone in enumerate(zones * 10):
        match number % 5:
            case 0:
                found.append(every(f"PT{5 + number}H", first, timezone=zone))
            case 1:
                found.append({"type": "daily", "at": [times[number % 6]], "timezone": zone})
            case 2:
                days = ["mon", "wed", "sun"]
                found.append(
                    {"type": "weekly", "weekdays": days, "at": ["02:30"], "timezone": zone}
                )
            case 3:
                found.append({"type": "monthly", "days": [1, 15, "last"], "at": ["01:30"]})
            case _:
                found.append({"type": "cron", "cron": "15 */6 * * *", "timezone": zone})
    return found


@pytest.mark.usefixtures("_roomy")
async def test_a_month_of_fifty_schedules_is_all_in_the_ledger(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    chance, jobs, now = random.Random(7), [], first
    for number, schedule in enumerate(a_months_schedules(first)):
        jobs.append(await scheduled(tenant.http, schedule, f"job-{number}"))

    while now < first + 31 * DAY:
        now += timedelta(seconds=chance.choice([600, 3_600, 20_000, 90_000]))
        while await plan_at(resources, tenant, now, *jobs):
            pass
        async with resources.unit_of_work(tenant.account_id) as session:
            driver = await driver_of(session)
            await driver.execute("DELETE FROM pending_runs")

    for job in jobs:
        since = datetime.fromisoformat(job["published_at"])
        expected = [fire.at for fire in planned(stored(job["schedule"]), after=since, until=now)]
        assert [at(fire) for fire in await fires_of(tenant.http, job)] == expected
