"""Which days: weekdays, days of months, leap days, ends of years, starts and ends."""

import pytest

from app.schedules.rules import next_planned, planned, preview
from tests.schedules.making import a_schedule, shown, utc


def dates(fires: list[str]) -> list[str]:
    return [fire[:10] for fire in fires]


def test_weekdays() -> None:
    schedule = a_schedule("weekly", weekdays=["fri", "mon"], at=["09:00"])

    assert shown(schedule, "2026-12-30 12:00", 3) == [
        "2027-01-01 09:00:00+01:00",
        "2027-01-04 09:00:00+01:00",
        "2027-01-08 09:00:00+01:00",
    ]


def test_a_day_that_a_month_has_not_got_is_its_last_one() -> None:
    schedule = a_schedule("monthly", days=[31], at=["09:00"])

    assert dates(shown(schedule, "2027-12-31 12:00", 4)) == [
        *("2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30")
    ]


def test_the_last_day_is_one_day_however_it_is_said() -> None:
    schedule = a_schedule("monthly", days=[1, 30, 31, "last"], at=["09:00"])

    assert dates(shown(schedule, "2027-02-01 12:00", 4)) == [
        *("2027-02-28", "2027-03-01", "2027-03-30", "2027-03-31")
    ]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 0 29 2 *", "2026-03-01", ["2028-02-29", "2032-02-29"]),
        ("59 23 31 12 *", "2026-06-01", ["2026-12-31", "2027-12-31"]),
        ("0 6 13 * fri", "2026-03-01", ["2026-03-06", "2026-03-13", "2026-03-20"]),
        ("0 6 */2 * fri", "2026-03-01", ["2026-03-13", "2026-03-27", "2026-04-03"]),
        ("0 6 L * *", "2028-01-31 12:00", ["2028-02-29", "2028-03-31"]),
        ("0 6 * 2 mon#5", "2026-01-01", ["2044-02-29", "2072-02-29"]),
        ("0 6 * * 7", "2026-03-01 12:00", ["2026-03-08", "2026-03-15"]),
    ],
)
def test_days_of_cron(cron: str, after: str, expected: list[str]) -> None:
    assert dates(shown(a_schedule("cron", cron=cron), after, len(expected))) == expected


def test_a_single_fire() -> None:
    schedule = a_schedule("once", starts_at="2026-06-01T07:00:00+02:00")

    assert shown(schedule, "2026-03-01", 5) == ["2026-06-01 07:00:00+02:00"]
    assert next_planned(schedule, after=utc("2026-06-01 05:00")) is None


def test_start_and_end_are_among_the_fires() -> None:
    schedule = a_schedule(
        "interval", every="PT1H", starts_at="2026-04-01T10:00:00Z", ends_at="2026-04-01T12:00:00Z"
    )

    fires = planned(schedule, after=utc("2026-01-01"), until=utc("2027-01-01"))

    assert [fire.at.hour for fire in fires] == [10, 11, 12]


def test_an_interval_without_a_start_fires_first_one_interval_from_now() -> None:
    schedule = a_schedule("interval", every="PT6H", now=utc("2026-03-02 12:00:30.5"))

    assert shown(schedule, "2026-03-02 12:01", 1) == ["2026-03-02 19:00:30+01:00"]


def test_times_that_are_not_given_in_order_come_in_order() -> None:
    schedule = a_schedule("daily", at=["18:00", "06:00"])

    assert [fire.local_at.hour for fire in preview(schedule, after=utc("2026-05-01"), count=3)] == [
        *(6, 18, 6)
    ]


def test_the_account_lends_its_zone() -> None:
    fires = {
        "2026-05-01 09:00:00+05:45": a_schedule("daily", at=["09:00"], zone="Asia/Kathmandu"),
        "2026-05-01 09:00:00-04:00": a_schedule(
            "daily", at=["09:00"], zone="Asia/Kathmandu", timezone="America/New_York"
        ),
    }

    assert [shown(schedule, "2026-05-01", 1) for schedule in fires.values()] == [
        [text] for text in fires
    ]
