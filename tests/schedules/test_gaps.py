"""Fires keep their distance: over midnight and through changes of the clocks as well."""

from datetime import timedelta
from typing import Any

import pytest

from app.schedules.errors import GapTooSmall
from app.schedules.rules import first_gap_below, refuse_small_gaps
from tests.schedules.making import NOON, a_schedule, utc

HOUR = timedelta(hours=1)
QUARTER_PAST = {"starts": "12:15", "ends": "13:00"}


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("daily", {"at": ["01:00", "02:00"], "dst": "skip"}),
        ("cron", {"cron": "0 * * * *"}),
        ("cron", {"cron": "30 * * * *", "timezone": "Asia/Kathmandu"}),
        ("interval", {"every": "PT1H"}),
        ("once", {"starts_at": "2026-06-01T00:00:00Z"}),
        ("daily", {"at": ["01:30", "02:45"], "dst": "skip"}),
        ("daily", {"at": ["12:00", "12:30"], "allowed_hours": [QUARTER_PAST]}),
        ("daily", {"at": ["01:30", "02:45"], "ends_at": "2026-03-28T00:00:00Z"}),
    ],
)  # fmt: skip
def test_an_hour_apart_is_far_enough(type_: str, fields: dict[str, Any]) -> None:
    assert first_gap_below(a_schedule(type_, **fields), minimum=HOUR, now=NOON) is None


@pytest.mark.parametrize(
    ("type_", "fields", "first", "second"),
    [
        ("daily", {"at": ["12:00", "12:59"]}, "2026-03-03 11:00", "2026-03-03 11:59"),
        ("daily", {"at": ["00:15", "23:30"]}, "2026-03-02 22:30", "2026-03-02 23:15"),
        ("daily", {"at": ["01:30", "02:45"]}, "2026-03-29 00:30", "2026-03-29 01:00"),
        ("daily", {"at": ["01:00", "03:30"], "dst": "both", "timezone": "Australia/Lord_Howe"},
         None, None),
        ("daily", {"at": ["01:45"], "dst": "both", "timezone": "Australia/Lord_Howe"},
         "2026-04-04 14:45", "2026-04-04 15:15"),
        ("cron", {"cron": "59 * 31 12 *"}, None, None),
        ("cron", {"cron": "0 0,23 * * *", "timezone": "America/Havana"}, None, None),
        ("cron", {"cron": "* * * * *"}, "2026-03-02 12:01", "2026-03-02 12:02"),
        ("interval", {"every": "PT59M", "starts_at": "2027-01-01T00:00:00Z"},
         "2027-01-01 00:00", "2027-01-01 00:59"),
        ("interval", {"every": "PT7H", "anchor": "midnight"}, None, None),
        ("interval", {"every": "PT23H30M", "anchor": "midnight", "timezone": "UTC"},
         "2026-03-02 23:30", "2026-03-03 00:00"),
    ],
)  # fmt: skip
def test_less_is_found_where_it_comes_first(
    type_: str, fields: dict[str, Any], first: str | None, second: str | None
) -> None:
    found = first_gap_below(a_schedule(type_, **fields), minimum=HOUR, now=NOON)

    assert found == (None if first is None or second is None else (utc(first), utc(second)))


def test_only_so_many_days_are_looked_at() -> None:
    schedule = a_schedule("daily", at=["01:30", "02:45"])

    assert first_gap_below(schedule, minimum=HOUR, now=NOON, days=26) is None
    assert first_gap_below(schedule, minimum=HOUR, now=NOON, days=27) is not None


def test_the_error_names_both_times_with_their_offsets() -> None:
    schedule = a_schedule("daily", at=["01:30", "02:45"])

    with pytest.raises(GapTooSmall) as caught:
        refuse_small_gaps(schedule, minimum=HOUR, now=NOON, pointer="/schedule")

    assert caught.value.code == "gap_too_small"
    assert str(caught.value) == (
        "The fires at 2026-03-29T01:30:00+01:00 and 2026-03-29T03:00:00+02:00 are less than "
        "60 minutes apart."
    )
    assert [fault.pointer for fault in caught.value.faults] == ["/schedule/at"]


@pytest.mark.parametrize(
    ("type_", "fields", "pointer"),
    [
        ("interval", {"every": "PT5M"}, "/every"),
        ("cron", {"cron": "*/5 * * * *"}, "/cron"),
        ("daily", {"at": ["09:00", "09:05"]}, "/at"),
    ],
)
def test_the_error_points_at_what_says_when(
    type_: str, fields: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(GapTooSmall) as caught:
        refuse_small_gaps(a_schedule(type_, **fields), minimum=HOUR, now=NOON)

    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_distance_enough_passes() -> None:
    refuse_small_gaps(a_schedule("cron", cron="0 * * * *"), minimum=HOUR, now=NOON)
