"""Starts that come at the same moment, each on a connection of its own."""

import asyncio
from collections import Counter
from itertools import product

import pytest

from app.accounts.plans import Plan, QuotaMode
from app.accounts.queries import get_account
from app.accounts.quotas import queries, rules, service
from app.accounts.quotas.rules import DayUse, Refusal
from app.core.resources import Resources
from app.models import AccountDay, JobDay
from tests.accounts.quota_making import HOUR, MINUTE, NOON, Books
from tests.conftest import Tenant


@pytest.fixture
def books(tenant: Tenant, resources: Resources) -> Books:
    return Books(tenant, resources)


async def test_of_50_simultaneous_starts_exactly_24_go_through(books: Books) -> None:
    jobs = [await books.job(f"job-{number}") for number in range(5)]

    started = await asyncio.gather(*(books.start(jobs[number % 5]) for number in range(50)))

    assert Counter(started) == {None: 24, Refusal.QUOTA_EXECUTIONS: 26}
    invocations = [(await books.use(job)).invocations for job in jobs]
    assert sum(invocations) == (await books.use()).executions == 24


async def test_of_50_simultaneous_starts_of_one_job_exactly_10_go_through(books: Books) -> None:
    job = await books.job()

    started = await asyncio.gather(*(books.start(job) for _ in range(50)))

    assert Counter(started) == {None: 10, Refusal.QUOTA_INVOCATIONS: 40}
    assert await books.use(job) == DayUse(executions=10, invocations=10)


async def test_two_at_once_both_pass_the_gate_of_minutes(books: Books) -> None:
    await books.set_up(minutes_per_day=60)
    jobs = [await books.job("one"), await books.job("two")]

    started = await asyncio.gather(*(books.start(job, needed=HOUR) for job in jobs))

    assert started == [None, None]


async def test_where_minutes_are_reserved_no_crowd_overdraws_the_day(books: Books) -> None:
    await books.set_up(minutes_per_day=60, quota_mode="reserve")
    jobs = [await books.job(f"job-{number}") for number in range(5)]

    started = await asyncio.gather(
        *(books.start(jobs[number % 5], needed=10 * MINUTE) for number in range(20)),
        *(books.retry(jobs[number % 5], needed=10 * MINUTE) for number in range(10)),
    )

    assert Counter(started) == {None: 6, Refusal.QUOTA_MINUTES: 24}
    assert (await books.use()).reserved == HOUR


async def test_starts_and_ends_at_once_lose_nothing(books: Books) -> None:
    await books.set_up(executions_per_day=1_000, invocations_per_job=1_000, minutes_per_day=10_000)
    jobs = [await books.job("one"), await books.job("two")]

    await asyncio.gather(
        *(books.start(jobs[number % 2]) for number in range(30)),
        *(books.book(jobs[number % 2], MINUTE) for number in range(30)),
        *(books.retry(jobs[number % 2]) for number in range(30)),
    )

    assert await books.use(jobs[0]) == DayUse(30, 15, 30 * MINUTE)


async def test_who_waits_for_one_that_is_undone_takes_its_place(books: Books) -> None:
    await books.set_up(executions_per_day=1)
    job = await books.job()
    is_taken, may_undo = asyncio.Event(), asyncio.Event()

    async def start_and_undo() -> None:
        async with books.resources.unit_of_work(books.tenant.account_id) as session:
            account = await get_account(session, books.tenant.account_id)
            assert await service.start(session, account, job, needed=MINUTE, now=NOON) is None
            is_taken.set()
            await may_undo.wait()
            raise _Undone

    undone = asyncio.create_task(start_and_undo())
    await is_taken.wait()
    waiting = asyncio.create_task(books.start(job))
    may_undo.set()
    with pytest.raises(_Undone):
        await undone

    assert await waiting is None
    assert await books.use(job) == DayUse(executions=1, invocations=1)


class _Undone(Exception):
    """Whatever went wrong after the start."""


@pytest.mark.parametrize("mode", list(QuotaMode))
async def test_the_statement_decides_as_the_rule_does(
    tenant: Tenant, resources: Resources, mode: QuotaMode
) -> None:
    """Every combination of below, at and above a limit."""
    plan = Plan(executions_per_day=2, invocations_per_job=2, minutes_per_day=3, quota_mode=mode)
    job = await Books(tenant, resources).job()
    day = rules.day_of(NOON, "UTC")
    minutes = [number * MINUTE for number in (0, 1, 2, 4)]
    async with resources.unit_of_work(tenant.account_id) as session:
        await queries.open_day(session, tenant.account_id, job, day)
        of_account = await session.get_one(AccountDay, (tenant.account_id, day))
        of_job = await session.get_one(JobDay, (tenant.account_id, job, day))
        cases = product((1, 2, 3), (1, 2, 3), minutes, minutes, (MINUTE, 2 * MINUTE, HOUR))
        for executions, invocations, booked, reserved, needed in cases:
            of_account.executions, of_job.invocations = executions, invocations
            of_account.booked, of_account.reserved = booked, reserved
            await session.flush()
            use = DayUse(executions, invocations, booked, reserved)

            taken = await queries.take(session, tenant.account_id, job, day, plan, needed)

            assert taken is (rules.may_start(use, plan, timeout=needed) is None), use
            held = rules.held_by(plan, needed)
            after = await queries.use_of(session, tenant.account_id, day, job_id=job)
            expected = DayUse(executions + 1, invocations + 1, booked, reserved + held)
            assert after == (expected if taken else use)
