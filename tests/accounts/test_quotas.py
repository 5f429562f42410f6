"""What starts, retries and ends take of a day, at every boundary of the plan."""

from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.quotas.rules import DayUse, Refusal
from app.core.resources import Resources
from tests.accounts.quota_making import HOUR, MINUTE, NOON, Books
from tests.conftest import Tenant


@pytest.fixture
def books(tenant: Tenant, resources: Resources) -> Books:
    return Books(tenant, resources)


async def test_the_25th_execution_of_a_day_is_refused(books: Books) -> None:
    jobs = [await books.job(f"job-{number}") for number in range(3)]

    started = [await books.start(jobs[number // 10]) for number in range(24)]

    assert started == [None] * 24
    assert await books.start(jobs[2]) is Refusal.QUOTA_EXECUTIONS
    assert await books.use(jobs[2]) == DayUse(executions=24, invocations=4)


async def test_the_11th_invocation_of_one_job_is_refused_and_another_job_goes_on(
    books: Books,
) -> None:
    one, other = await books.job("one"), await books.job("other")

    started = [await books.start(one) for _ in range(10)]

    assert started == [None] * 10
    assert await books.start(one) is Refusal.QUOTA_INVOCATIONS
    assert await books.use(one) == DayUse(executions=10, invocations=10)
    assert await books.start(other) is None


async def test_a_refusal_takes_nothing(books: Books) -> None:
    await books.set_up(minutes_per_day=60, quota_mode="reserve")
    job = await books.job()

    assert await books.start(job, needed=61 * MINUTE) is Refusal.QUOTA_MINUTES
    assert await books.use(job) == DayUse()


async def test_of_60_minutes_40_are_used_and_a_job_that_may_take_60_is_refused(
    books: Books,
) -> None:
    await books.set_up(minutes_per_day=60)
    first, second = await books.job("first"), await books.job("second")

    assert await books.start(first, needed=HOUR) is None
    await books.book(first, 40 * MINUTE)

    assert await books.left() == 20 * MINUTE
    assert await books.start(second, needed=HOUR) is Refusal.QUOTA_MINUTES
    assert await books.start(second, needed=20 * MINUTE) is None


async def test_two_that_start_together_both_run_and_overdraw_the_day(books: Books) -> None:
    await books.set_up(minutes_per_day=60)
    first, second = await books.job("first"), await books.job("second")

    assert await books.start(first, needed=HOUR) is None
    assert await books.start(second, needed=HOUR) is None
    for job in (first, second):
        await books.book(job, 45 * MINUTE)

    assert (await books.use()).booked == 90 * MINUTE
    assert await books.left() == timedelta()
    assert await books.start(first) is Refusal.QUOTA_MINUTES


async def test_a_plan_that_reserves_lets_the_second_of_them_wait(books: Books) -> None:
    await books.set_up(minutes_per_day=60, quota_mode="reserve")
    first, second = await books.job("first"), await books.job("second")

    assert await books.start(first, needed=HOUR) is None
    assert await books.start(second, needed=MINUTE) is Refusal.QUOTA_MINUTES
    await books.book(first, 45 * MINUTE, held=HOUR)

    assert await books.use() == DayUse(executions=1, booked=45 * MINUTE)
    assert await books.start(second, needed=15 * MINUTE) is None
    assert await books.start(second, needed=MINUTE) is Refusal.QUOTA_MINUTES


async def test_a_further_attempt_is_booked_and_not_counted(books: Books) -> None:
    await books.set_up(executions_per_day=1, invocations_per_job=1, minutes_per_day=60)
    job = await books.job()
    assert await books.start(job, needed=30 * MINUTE) is None
    await books.book(job, 30 * MINUTE)

    assert await books.retry(job, needed=31 * MINUTE) is Refusal.QUOTA_MINUTES
    assert await books.retry(job, needed=30 * MINUTE) is None
    await books.book(job, 10 * MINUTE)

    assert await books.use(job) == DayUse(1, 1, 40 * MINUTE)


async def test_a_further_attempt_is_held_for_where_the_plan_reserves(books: Books) -> None:
    await books.set_up(minutes_per_day=60, quota_mode="reserve")
    job = await books.job()

    assert await books.retry(job, needed=HOUR) is None
    assert await books.retry(job, needed=MINUTE) is Refusal.QUOTA_MINUTES
    assert await books.use(job) == DayUse(reserved=HOUR)


async def test_what_is_released_twice_or_never_held_makes_no_minutes(books: Books) -> None:
    job = await books.job()

    await books.book(job, 10 * MINUTE, held=HOUR)

    assert await books.use(job) == DayUse(booked=10 * MINUTE)


async def test_a_clock_that_went_back_books_nothing(books: Books) -> None:
    job = await books.job()

    await books.book(job, -MINUTE)

    assert await books.use(job) == DayUse()


async def test_midnight_in_the_accounts_zone_gives_everything_back(books: Books) -> None:
    await books.set_up(timezone="Asia/Tokyo", executions_per_day=1)
    job = await books.job()
    before = datetime(2026, 3, 10, 14, 59, 59, tzinfo=UTC)
    midnight = before + timedelta(seconds=1)

    assert await books.start(job, now=before) is None
    assert await books.start(job, now=before) is Refusal.QUOTA_EXECUTIONS
    assert await books.start(job, now=midnight) is None
    assert await books.start(job, now=midnight) is Refusal.QUOTA_EXECUTIONS


async def test_time_past_midnight_is_booked_to_the_day_it_started(books: Books) -> None:
    await books.set_up(minutes_per_day=60)
    job = await books.job()
    late = datetime(2026, 3, 10, 23, 50, tzinfo=UTC)

    assert await books.start(job, needed=HOUR, now=late) is None
    await books.book(job, 40 * MINUTE, started_at=late)

    assert (await books.use(now=late)).booked == 40 * MINUTE
    assert (await books.use(now=late + 20 * MINUTE)).booked == timedelta()
    assert await books.start(job, needed=HOUR, now=late + 20 * MINUTE) is None


async def test_a_day_of_25_hours_has_the_executions_of_one(books: Books) -> None:
    await books.set_up(timezone="Europe/Berlin", executions_per_day=2)
    job = await books.job()
    first = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in summer time
    last = first + timedelta(hours=25, microseconds=-1)

    assert await books.start(job, now=first) is None
    assert await books.start(job, now=first + 24 * HOUR) is None
    assert await books.start(job, now=last) is Refusal.QUOTA_EXECUTIONS
    assert await books.start(job, now=first + 25 * HOUR) is None


async def test_a_day_of_23_hours_ends_an_hour_earlier(books: Books) -> None:
    await books.set_up(timezone="Europe/Berlin", executions_per_day=1)
    job = await books.job()
    first = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in winter time

    assert await books.start(job, now=first) is None
    assert await books.start(job, now=first + 23 * HOUR - MINUTE) is Refusal.QUOTA_EXECUTIONS
    assert await books.start(job, now=first + 23 * HOUR) is None


async def test_a_lowered_plan_refuses_from_the_next_start_on(books: Books) -> None:
    job = await books.job()
    for _ in range(3):
        assert await books.start(job) is None

    await books.set_up(executions_per_day=3)

    assert await books.start(job, now=NOON) is Refusal.QUOTA_EXECUTIONS
