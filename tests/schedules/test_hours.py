"""Allowed hours and blackouts: what may not run is planned all the same, and says why."""

from typing import Any

import pytest

from app.schedules.errors import InvalidSchedule
from tests.schedules.making import a_schedule, shown


def refused(fires: list[str]) -> list[int]:
    """The hours of those that may not run."""
    return [int(fire[11:13]) for fire in fires if fire.endswith(" blackout")]


@pytest.mark.parametrize(
    ("hours", "outside"),
    [
        ([], []),
        ([{"starts": "06:00", "ends": "18:00"}], [0, 3, 18, 21]),
        ([{"starts": "06:00", "ends": "18:01"}], [0, 3, 21]),
        ([{"starts": "18:00", "ends": "06:00"}], [6, 9, 12, 15]),
        ([{"starts": "12:00", "ends": "24:00"}], [0, 3, 6, 9]),
        ([{"starts": "00:00", "ends": "04:00"}, {"starts": "20:00", "ends": "22:00"}],
         [6, 9, 12, 15, 18]),
        ([{"starts": "18:00", "ends": "06:00", "weekdays": ["tue"]}], [0, 3, 6, 9, 12, 15]),
        ([{"starts": "18:00", "ends": "06:00", "weekdays": ["mon"]}], [6, 9, 12, 15, 18, 21]),
    ],
)  # fmt: skip
def test_fires_outside_the_allowed_hours(hours: list[Any], outside: list[int]) -> None:
    schedule = a_schedule("cron", cron="0 */3 * * *", allowed_hours=hours)

    assert refused(shown(schedule, "2026-06-01 21:59", 8)) == outside  # a Tuesday


@pytest.mark.parametrize(
    ("blackout", "inside"),
    [
        ({"starts_on": "2026-06-02"}, [0, 6, 12, 18]),
        ({"starts_on": "2026-05-01", "ends_on": "2026-06-02"}, [0, 6, 12, 18]),
        ({"starts_on": "2026-06-03"}, []),
        ({"starts_at": "2026-06-02T06:00:00+02:00", "ends_at": "2026-06-02T16:00:00Z"}, [6, 12]),
    ],
)
def test_fires_in_a_blackout(blackout: Any, inside: list[int]) -> None:
    schedule = a_schedule("cron", cron="0 */6 * * *", blackouts=[blackout])

    assert refused(shown(schedule, "2026-06-01 21:59", 4)) == inside


def test_a_blackout_goes_before_a_time_that_does_not_exist() -> None:
    schedule = a_schedule(
        "daily", at=["02:30"], dst="skip", blackouts=[{"starts_on": "2026-03-29"}]
    )

    assert shown(schedule, "2026-03-28 12:00", 1) == ["2026-03-29 03:00:00+02:00 blackout"]


def test_hours_that_contain_no_fire_are_refused() -> None:
    with pytest.raises(InvalidSchedule) as caught:
        a_schedule("daily", at=["02:30"], allowed_hours=[{"starts": "08:00", "ends": "18:00"}])

    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/allowed_hours", "never")
    ]


def test_a_long_blackout_is_none_of_that() -> None:
    schedule = a_schedule(
        "daily", at=["02:30"], blackouts=[{"starts_on": "2026-01-01", "ends_on": "2029-12-31"}]
    )

    assert refused(shown(schedule, "2026-03-28 12:00", 2)) == [3, 2]
