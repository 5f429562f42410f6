"""Times that do not exist, times that exist twice, and days of 23 and 25 hours."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.schedules.rules import Planned, Refusal, planned
from tests.schedules.making import a_schedule, shown, utc

BEFORE_SPRING, BEFORE_AUTUMN = "2026-03-28 12:00", "2026-10-24 12:00"


def test_a_time_that_does_not_exist_runs_right_after_the_gap() -> None:
    schedule = a_schedule("daily", at=["02:30"])

    assert shown(schedule, BEFORE_SPRING, 2) == [
        "2026-03-29 03:00:00+02:00",
        "2026-03-30 02:30:00+02:00",
    ]


@pytest.mark.parametrize("dst", ["skip", {"missing": "skip"}])
def test_or_does_not_run_and_says_so(dst: Any) -> None:
    schedule = a_schedule("daily", at=["02:30"], dst=dst)

    fires = list(planned(schedule, after=utc(BEFORE_SPRING), until=utc("2026-03-29 12:00")))

    assert fires == [
        Planned(utc("2026-03-29 01:00"), Refusal.DST, datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001
    ]


def test_a_time_that_exists_twice_runs_at_the_first() -> None:
    assert shown(a_schedule("daily", at=["02:30"]), BEFORE_AUTUMN, 2) == [
        "2026-10-25 02:30:00+02:00",
        "2026-10-26 02:30:00+01:00",
    ]


@pytest.mark.parametrize("dst", ["both", {"doubled": "both"}])
def test_or_at_both(dst: Any) -> None:
    assert shown(a_schedule("daily", at=["02:30"], dst=dst), BEFORE_AUTUMN, 3) == [
        "2026-10-25 02:30:00+02:00",
        "2026-10-25 02:30:00+01:00",
        "2026-10-26 02:30:00+01:00",
    ]


def test_of_two_times_in_one_gap_the_first_runs_and_the_other_leaves_its_own_fire() -> None:
    assert shown(a_schedule("daily", at=["02:45", "02:15"]), BEFORE_SPRING, 3) == [
        "2026-03-29 03:00:00+02:00",
        "2026-03-29 03:00:01+02:00 dst",
        "2026-03-30 02:15:00+02:00",
    ]


def test_a_time_at_the_end_of_the_gap_keeps_its_moment() -> None:
    assert shown(a_schedule("daily", at=["02:15", "03:00"]), BEFORE_SPRING, 3) == [
        "2026-03-29 03:00:00+02:00",
        "2026-03-29 03:00:01+02:00 dst",
        "2026-03-30 02:15:00+02:00",
    ]


def test_a_whole_day_of_minutes_that_was_left_out_has_moments_of_its_own() -> None:
    schedule = a_schedule("cron", cron="0-59 0-22 * * *", zone="Pacific/Apia")

    end = utc("2011-12-30 10:00")
    fires = list(planned(schedule, after=end - timedelta(seconds=1), until=end))
    behind = list(planned(schedule, after=end, until=utc("2011-12-30 10:01")))

    assert fires == [Planned(end)]
    assert len(behind) == 23 * 60 + 1
    assert {fire.refused for fire in behind[:-1]} == {Refusal.DST}
    assert behind[-1] == Planned(utc("2011-12-30 10:01"))
    assert len({fire.at for fire in behind}) == len(behind)


@pytest.mark.parametrize("day", [BEFORE_SPRING, BEFORE_AUTUMN])
def test_what_wants_every_hour_goes_through_evenly(day: str) -> None:
    schedule = a_schedule("cron", cron="*/15 * * * *")

    fires = list(planned(schedule, after=utc(day), until=utc(day) + timedelta(days=1)))

    assert [fire.at for fire in fires] == [
        utc(day) + n * timedelta(minutes=15) for n in range(1, 97)
    ]
    assert {fire.refused for fire in fires} == {None}


def test_an_interval_is_elapsed_time() -> None:
    schedule = a_schedule("interval", every="PT12H", starts_at="2026-03-28T11:00:00Z")

    assert shown(schedule, "2026-03-28 10:59", 3) == [
        "2026-03-28 12:00:00+01:00",
        "2026-03-29 00:00:00+01:00",
        "2026-03-29 13:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("day", "fires"), [("2026-03-28 23:00", 46), ("2026-10-24 22:00", 50), ("2026-06-01 22:00", 48)]
)
def test_a_grid_of_half_hours_has_as_many_as_the_day_has(day: str, fires: int) -> None:
    schedule = a_schedule("interval", every="PT30M", anchor="midnight")
    before, length = utc(day) - timedelta(seconds=1), fires * timedelta(minutes=30)

    assert len(list(planned(schedule, after=before, until=before + length))) == fires


def test_a_week_of_half_hours_is_336_fires() -> None:
    schedule = a_schedule("interval", every="PT30M", anchor="midnight", zone="UTC")
    week = timedelta(days=7)

    assert (
        len(list(planned(schedule, after=utc("2026-05-04"), until=utc("2026-05-04") + week))) == 336
    )


def test_a_grid_of_a_day_is_midnight_once_a_day() -> None:
    schedule = a_schedule("interval", every="PT24H", anchor="midnight")

    assert shown(schedule, BEFORE_AUTUMN, 3) == [
        "2026-10-25 00:00:00+02:00",
        "2026-10-26 00:00:00+01:00",
        "2026-10-27 00:00:00+01:00",
    ]
