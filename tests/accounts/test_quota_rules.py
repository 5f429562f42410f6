"""The gate as a table, and what a day is; no database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.accounts.plans import Plan, QuotaMode
from app.accounts.quotas import rules
from app.accounts.quotas.rules import DayUse, Refusal
from app.core import problems
from tests.accounts.quota_making import HOUR, MINUTE

PLAN = Plan()


@pytest.mark.parametrize(
    ("use", "timeout", "expected"),
    [
        (DayUse(), HOUR, None),
        (DayUse(executions=23), MINUTE, None),
        (DayUse(executions=24), MINUTE, Refusal.QUOTA_EXECUTIONS),
        (DayUse(executions=25), MINUTE, Refusal.QUOTA_EXECUTIONS),
        (DayUse(invocations=9), MINUTE, None),
        (DayUse(invocations=10), MINUTE, Refusal.QUOTA_INVOCATIONS),
        (DayUse(booked=3 * HOUR), HOUR, None),
        (DayUse(booked=3 * HOUR + timedelta(microseconds=1)), HOUR, Refusal.QUOTA_MINUTES),
        (DayUse(reserved=3 * HOUR), HOUR, None),
        (DayUse(booked=2 * HOUR, reserved=HOUR + MINUTE), HOUR, Refusal.QUOTA_MINUTES),
        (DayUse(booked=9 * HOUR), MINUTE, Refusal.QUOTA_MINUTES),
        (DayUse(24, 10, 9 * HOUR), HOUR, Refusal.QUOTA_EXECUTIONS),
        (DayUse(0, 10, 9 * HOUR), HOUR, Refusal.QUOTA_INVOCATIONS),
    ],
)
def test_the_gate_names_the_first_thing_that_is_used_up(
    use: DayUse, timeout: timedelta, expected: Refusal | None
) -> None:
    assert rules.may_start(use, PLAN, timeout=timeout) is expected


def test_a_further_attempt_is_gated_by_minutes_alone() -> None:
    full = DayUse(executions=24, invocations=10, booked=3 * HOUR)

    assert rules.may_retry(full, PLAN, timeout=HOUR) is None
    assert rules.may_retry(full, PLAN, timeout=HOUR + MINUTE) is Refusal.QUOTA_MINUTES


def test_an_overdrawn_day_has_nothing_left_and_not_less() -> None:
    assert rules.time_left(DayUse(booked=5 * HOUR), PLAN) == timedelta()


def test_only_a_plan_that_reserves_holds_the_timeout() -> None:
    reserving = Plan(quota_mode=QuotaMode.RESERVE)

    assert (rules.held_by(PLAN, HOUR), rules.held_by(reserving, HOUR)) == (timedelta(), HOUR)


@pytest.mark.parametrize(
    ("timezone", "moment", "day"),
    [
        ("UTC", "2026-03-10T23:59:59.999999Z", date(2026, 3, 10)),
        ("UTC", "2026-03-11T00:00:00Z", date(2026, 3, 11)),
        ("Europe/Berlin", "2026-03-10T22:59:59Z", date(2026, 3, 10)),
        ("Europe/Berlin", "2026-03-10T23:00:00Z", date(2026, 3, 11)),
        ("America/Los_Angeles", "2026-03-11T06:59:59Z", date(2026, 3, 10)),
        ("Asia/Kathmandu", "2026-03-10T18:15:00Z", date(2026, 3, 11)),
        ("Pacific/Kiritimati", "2026-03-10T10:00:00Z", date(2026, 3, 11)),
    ],
)
def test_a_day_is_the_accounts(timezone: str, moment: str, day: date) -> None:
    assert rules.day_of(datetime.fromisoformat(moment), timezone) == day


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        # Midnight is skipped, and an hour before midnight comes twice.
        ("Asia/Beirut", date(2026, 3, 29), 23),
        ("Asia/Beirut", date(2026, 10, 24), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_days_on_which_the_clocks_change_are_shorter_or_longer(
    timezone: str, day: date, hours: float
) -> None:
    begin, end = rules.begin_of(day, timezone), rules.end_of(day, timezone)

    assert end - begin == timedelta(hours=hours)
    assert rules.day_of(begin, timezone) == day
    assert rules.day_of(end - timedelta(microseconds=1), timezone) == day
    assert rules.day_of(end, timezone) == day + timedelta(days=1)


def test_a_refusal_says_to_come_again_when_the_next_day_begins() -> None:
    now = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # half past eleven in Berlin

    for refusal in Refusal:
        error = rules.refused(refusal, PLAN, timezone="Europe/Berlin", now=now)

        answer = problems.render(error)
        assert error.code == refusal.value
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1800")
