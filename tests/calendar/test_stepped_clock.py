"""A clock that is put forward or back by an hour under the workers: by accident, not by the API.

Business time is the database's clock and an offset; the offset stands for either being set wrong.
"""

from collections import Counter
from datetime import datetime

import asyncpg

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import (
    ENDED,
    HOUR,
    MINUTE,
    ROOMY,
    Customer,
    Installation,
    Json,
)
from tests.calendar.waiting import a_waiting_job, waiting
from tests.faults.processes import until

QUARTER = 15 * MINUTE


async def test_put_forward_no_moment_is_lost(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    first = await installation.now() + QUARTER
    jobs = [await _every_quarter(customer, first, name) for name in ("skip", "buffer_all")]
    await installation.advance(to=first + 2 * QUARTER + MINUTE)
    await installation.step(HOUR)
    await _caught_up(customer, jobs, last=first + 6 * QUARTER)
    await installation.advance(by=HOUR)

    for job in jobs:
        await _fired_once_each(customer, job, first, count=11)
    newest, all_of_them = [
        Counter(fire["reason"] for fire in await customer.fires(job)) for job in jobs
    ]
    # Of the four on the way the newest is in time; who buffers all has room for more.
    assert newest == {None: 8, "missed_window": 3}
    assert all_of_them[None] >= 8
    assert set(all_of_them) <= {None, "missed_window"}


async def test_put_back_nothing_fires_twice(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    first = await installation.now() + QUARTER
    jobs = [await _every_quarter(customer, first, name) for name in ("skip", "buffer_all")]
    # It may be slow to see that its minute is over: two hours pass in a few seconds.
    at_work = await a_waiting_job(installation, customer, timeout="PT4H")
    await installation.advance(to=first + 5 * QUARTER + MINUTE)
    run = await waiting(customer, at_work, 1)
    await installation.step(-HOUR)
    await customer.ask("PATCH", f"/jobs/{jobs[0]['id']}", json={"description": "saved again"})
    await installation.advance(by=2 * HOUR)

    for job in jobs:
        await _fired_once_each(customer, job, first, count=10)
        assert {fire["reason"] for fire in await customer.fires(job)} == {None}
    assert (await customer.ended(run))["state"] == "succeeded"


async def test_a_run_that_ended_before_it_began_has_used_nothing(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    await installation.at_noon()
    job = await customer.published()
    await installation.advance(by=HOUR)
    in_the_way = await asyncpg.connect(installation.ground.database_url)
    async with in_the_way.transaction():
        await in_the_way.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        run = await customer.start(job)
        await customer.begun(run)
        await installation.step(-HOUR)
    await in_the_way.close()
    run = await customer.ended(run)
    found = await customer.ask("GET", "/account/limits")

    assert run["state"] == "succeeded"
    assert run["finished_at"] < run["started_at"]
    assert found["minutes"]["used"] == found["invocations"][0]["minutes"] == 0
    assert found["minutes"]["left"] == found["minutes"]["limit"]


async def _every_quarter(customer: Customer, first: datetime, overlap: str) -> Json:
    every = {"type": "interval", "every": "PT15M", "starts_at": first.isoformat()}
    return await customer.published(overlap, schedule=every | {"overlap": overlap})


async def _caught_up(customer: Customer, jobs: list[Json], *, last: datetime) -> None:
    """Wait until planners have come by, and all that they began is over."""

    async def have_all() -> bool:
        fires = [await customer.fires(job) for job in jobs]
        states = {run["state"] for job in jobs for run in await customer.runs(job)}
        # A run still at work would have the next moment skipped.
        return states <= set(ENDED) and all(one and _at(one[-1]) >= last for one in fires)

    await until(have_all)


async def _fired_once_each(customer: Customer, job: Json, first: datetime, *, count: int) -> None:
    """A line for each moment of the grid, and a run for each that ran, its own and over."""
    fires, runs = await customer.fires(job), await customer.runs(job)
    assert [_at(fire) for fire in fires] == [first + number * QUARTER for number in range(count)]
    told = [fire["run_id"] for fire in fires if fire["outcome"] == "ran"]
    assert sorted(told) == sorted(run["id"] for run in runs)
    assert {run["state"] for run in runs} == {"succeeded"}


def _at(fire: Json) -> datetime:
    return datetime.fromisoformat(fire["planned_at"])
