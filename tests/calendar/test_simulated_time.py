"""Weeks and months on the sandbox clock: what was planned is in the ledger, and explained."""

from collections import Counter
from datetime import datetime

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import DAY, HOUR, MINUTE, ROOMY, Customer, Installation, Json
from tests.calendar.months import fifty, the_month_of_changes

# Fewer than some days of the month would have.
MOST_A_DAY = 15


async def test_a_week_of_half_hours_leaves_336_that_ran(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    first = await installation.now() + HOUR
    every = {"type": "interval", "every": "PT30M", "starts_at": first.isoformat()}
    job = await customer.published(schedule=every)
    await installation.advance(to=first + 7 * DAY - MINUTE)
    fires, runs = await customer.fires(job), await customer.runs(job)

    assert Counter(fire["outcome"] for fire in fires) == {"ran": 336}
    assert [fire["run_id"] for fire in fires] == [run["id"] for run in runs]
    assert Counter(run["state"] for run in runs) == {"succeeded": 336}
    assert [_at(fire) for fire in fires] == [first + number * 30 * MINUTE for number in range(336)]


async def test_a_month_of_fifty_schedules_is_all_in_the_ledger_and_explained(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY | {"executions_per_day": MOST_A_DAY})
    first, last = the_month_of_changes(await installation.now())
    await installation.advance(to=first)
    plans = list(fifty(await installation.now(), last))
    jobs = [
        await customer.published(f"job-{number}", schedule=plan.schedule)
        for number, plan in enumerate(plans)
    ]
    paused, skipped = jobs[13], jobs[14]
    await customer.ask("PATCH", f"/jobs/{paused['id']}", json={"is_paused": True})
    await customer.ask("POST", f"/jobs/{skipped['id']}/skip", json={"count": 3, "reason": "no"})
    await installation.advance(to=last)

    ledger = await customer.all_of("/fires")
    for job, plan in zip(jobs, plans, strict=True):
        mine = [fire for fire in ledger if fire["owner_id"] == job["id"]]
        assert [_at(fire) for fire in mine] == plan.moments(job["schedule"]), plan.schedule
    assert {fire["owner_id"] for fire in ledger} == {job["id"] for job in jobs}
    await _each_ran_once_or_says_why(customer, ledger)
    reasons = {job["id"]: Counter[str]() for job in jobs}
    for fire in ledger:
        reasons[fire["owner_id"]][fire["reason"]] += 1
    assert set(reasons.pop(paused["id"])) == {"paused"}
    assert reasons.pop(skipped["id"])["skip_requested"] == 3
    assert set().union(*reasons.values()) == {None, "quota_executions"}
    days = {_at(fire).date() for fire in ledger if fire["reason"] == "quota_executions"}
    ran = Counter(_at(fire).date() for fire in ledger if fire["outcome"] == "ran")
    assert max(ran.values()) == MOST_A_DAY
    assert {ran[day] for day in days} == {MOST_A_DAY}


async def _each_ran_once_or_says_why(customer: Customer, ledger: list[Json]) -> None:
    runs = {run["id"]: run for run in await customer.all_of("/runs")}
    told = [fire["run_id"] for fire in ledger if fire["outcome"] == "ran"]
    assert sorted(told) == sorted(runs)
    for fire in ledger:
        assert (fire["outcome"] == "ran") == (fire["reason"] is None) == (fire["run_id"] in runs)
        if fire["outcome"] == "ran":
            run = runs[fire["run_id"]]
            assert (run["state"], run["job_id"]) == ("succeeded", fire["owner_id"])
            assert run["planned_at"] == fire["planned_at"]


def _at(fire: Json) -> datetime:
    return datetime.fromisoformat(fire["planned_at"])
