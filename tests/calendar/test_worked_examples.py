"""The two worked examples of the day's minutes, with code that runs while the clock is moved."""

import asyncio
import time

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import HOUR, MINUTE, Installation
from tests.calendar.waiting import a_waiting_job, waiting


async def test_the_first_has_used_40_of_60_and_the_second_is_refused(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(minutes_per_day=60)
    await installation.at_noon()
    one, two = [
        await a_waiting_job(installation, customer, name, timeout="PT1H") for name in ("one", "two")
    ]
    began = time.monotonic()
    run = await waiting(customer, one, 40)
    before = await customer.minutes()
    await installation.advance(40 * MINUTE)
    run = await customer.ended(run)
    passed = (time.monotonic() - began) / 60
    after = await customer.minutes()
    answer = await customer.http.post(f"/v1/jobs/{two['id']}/runs", json={"body": ""})

    assert (before["used"], before["left"]) == (0, 60)
    assert (run["state"], run["error"]) == ("succeeded", None)
    assert 40 <= after["used"] <= 40.01 + passed
    assert after["left"] == round(60 - after["used"], 2)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_minutes")
    wait = int(answer.headers["Retry-After"])
    assert HOUR.total_seconds() * 11 < wait <= HOUR.total_seconds() * 12
    assert await customer.runs(two) == []


async def test_both_started_together_run_and_90_are_booked(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(minutes_per_day=60)
    await installation.at_noon()
    jobs = [
        await a_waiting_job(installation, customer, name, timeout="PT1H") for name in ("one", "two")
    ]
    began = time.monotonic()
    runs = await asyncio.gather(*(waiting(customer, job, 45) for job in jobs))
    await installation.advance(45 * MINUTE)
    ended = [await customer.ended(run) for run in runs]
    passed = (time.monotonic() - began) / 60
    found = await customer.minutes()

    assert [run["state"] for run in ended] == ["succeeded"] * 2
    assert 90 <= found["used"] <= 90.01 + 2 * passed
    assert found["left"] == 0
