"""Up, late, down: when a success that should have come is missed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.schedules.rules import Outlook, Standing, standing
from app.schedules.schemas import Schedule
from tests.schedules.making import NOON, a_schedule, utc

STARTS: dict[str, Any] = {"starts_at": "2026-03-02T09:30:00Z"}
HOURLY = a_schedule("interval", every="PT1H", **STARTS)
TEN_PAST = a_schedule("cron", cron="10 * * * *")


def at(time: str | None) -> datetime | None:
    return None if time is None else utc(f"2026-03-02 {time}")


@pytest.mark.parametrize(
    ("schedule", "success", "late", "down"),
    [
        (HOURLY, "12:00", "13:00", "13:05"),
        (a_schedule("interval", every="PT1H", starts_at="2026-03-02T12:00:00Z"), "12:00", "13:00",
         "13:05"),
        (TEN_PAST, "12:30", "13:10", "13:15"),
        (TEN_PAST, "12:10", "13:10", "13:15"),
        (a_schedule("cron", cron="10 * * * *", grace="PT0S"), "12:30", "13:10", "13:10"),
        (a_schedule("interval", every="PT30M", anchor="midnight"), "12:10", "12:30", "12:35"),
    ],
)  # fmt: skip
def test_late_when_the_next_success_was_due_and_down_when_grace_is_over(
    schedule: Schedule, success: str, late: str, down: str
) -> None:
    late_at, down_at = utc(f"2026-03-02 {late}"), utc(f"2026-03-02 {down}")

    def seen(now: datetime) -> Outlook:
        return standing(schedule, last_success=at(success), now=now)

    second = timedelta(seconds=1)
    assert seen(late_at - second) == (Standing.UP, late_at, down_at)
    assert seen(down_at - second).standing == (Standing.LATE if down_at > late_at else Standing.UP)
    assert seen(down_at) == (Standing.DOWN, late_at, down_at)


@pytest.mark.parametrize(
    ("schedule", "success", "since", "late"),
    [
        (TEN_PAST, None, "10:30", "11:10"),  # never ran since it was published
        (TEN_PAST, "06:00", "10:30", "11:10"),  # was paused until then
        (TEN_PAST, "11:30", "10:30", "12:10"),
        (HOURLY, None, "10:00", "10:30"),
        (HOURLY, None, "08:00", "09:30"),
        (HOURLY, None, None, "09:30"),
        (HOURLY, "06:00", None, "09:30"),  # of an earlier schedule
        (HOURLY, "11:45", "10:00", "12:45"),
        (TEN_PAST, None, None, None),
    ],
)
def test_from_when_on_a_success_is_expected(
    schedule: Schedule, success: str | None, since: str | None, late: str | None
) -> None:
    found = standing(schedule, last_success=at(success), now=NOON, since=at(since))

    assert found.late_at == at(late)


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("interval", {"every": "PT1H", "ends_at": "2026-03-02T12:45:00Z"}),
        ("cron", {"cron": "10 * * * *", "ends_at": "2026-03-02T13:00:00Z"}),
        ("once", {"starts_at": "2026-03-02T12:15:00Z"}),
    ],
)
def test_after_the_end_nothing_is_expected(type_: str, fields: dict[str, Any]) -> None:
    schedule = a_schedule(type_, **fields)

    found = standing(schedule, last_success=at("12:30"), now=utc("2026-03-09"))

    assert found == (Standing.UP, None, None)


@pytest.mark.parametrize("type_", ["interval", "cron"])
def test_fires_that_may_not_run_are_not_expected(type_: str) -> None:
    fields: dict[str, Any] = (
        {"every": "PT1H", **STARTS} if type_ == "interval" else {"cron": "30 * * * *"}
    )
    schedule = a_schedule(
        type_, allowed_hours=[{"starts": "08:00", "ends": "14:00"}], timezone="UTC", **fields
    )

    found = standing(schedule, last_success=at("13:40"), now=utc("2026-03-02 20:00"))

    assert found.late_at == utc("2026-03-03 08:30")
    assert found.standing is Standing.UP
