"""How late a missed fire may still run, and which of those missed in an outage does."""

from datetime import timedelta
from typing import Any

import pytest

from app.schedules.parts import Overlap
from app.schedules.rules import (
    Planned,
    Refusal,
    catch_up_of,
    period_at,
    which_to_catch_up,
)
from tests.schedules.making import NOON, a_schedule, utc

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("type_", "fields", "at", "period", "catch_up"),
    [
        ("interval", {"every": "PT1H"}, "2026-03-02 13:00", HOUR, 30 * MINUTE),
        ("interval", {"every": "PT5M"}, "2026-03-02 12:05", 5 * MINUTE, 10 * MINUTE),
        ("interval", {"every": "P7D"}, "2026-03-09 12:00", timedelta(days=7), 12 * HOUR),
        ("interval", {"every": "PT30M", "anchor": "midnight"}, "2026-03-02 12:30", 30 * MINUTE,
         15 * MINUTE),
        ("daily", {"at": ["08:00", "09:00"]}, "2026-03-03 07:00", HOUR, 30 * MINUTE),
        ("daily", {"at": ["08:00", "09:00"]}, "2026-03-03 08:00", 23 * HOUR, 11.5 * HOUR),
        ("daily", {"at": ["02:30"]}, "2026-03-28 01:30", 23.5 * HOUR, 11.75 * HOUR),
        ("daily", {"at": ["02:30", "02:40"]}, "2026-03-29 01:00", 23.5 * HOUR, 11.75 * HOUR),
        ("daily", {"at": ["08:00"], "ends_at": "2026-03-03T07:00:00Z"}, "2026-03-03 07:00",
         24 * HOUR, 12 * HOUR),
        ("cron", {"cron": "10 * * * *"}, "2026-03-02 13:10", HOUR, 30 * MINUTE),
        ("once", {"starts_at": "2026-03-03T00:00:00Z"}, "2026-03-03 00:00", None, 12 * HOUR),
        ("daily", {"at": ["08:00"], "catch_up": "P2D"}, "2026-03-03 07:00", 24 * HOUR, 48 * HOUR),
        ("daily", {"at": ["08:00"], "catch_up": "PT0S"}, "2026-03-03 07:00", 24 * HOUR, 0 * HOUR),
    ],
)  # fmt: skip
def test_half_the_period_within_bounds_unless_it_is_given(
    type_: str, fields: dict[str, Any], at: str, period: timedelta | None, catch_up: timedelta
) -> None:
    schedule = a_schedule(type_, **fields)

    assert period_at(schedule, utc(at)) == period
    assert catch_up_of(schedule, utc(at)) == catch_up


def ago(minutes: int, refused: Refusal | None = None) -> Planned:
    return Planned(NOON - minutes * MINUTE, refused)


MISSED = [ago(90), ago(60), ago(30), ago(0)]


@pytest.mark.parametrize("overlap", [Overlap.SKIP, Overlap.BUFFER_ONE, Overlap.CANCEL_OTHER])
@pytest.mark.parametrize("catch_up", [0, 30, 60, 600])
def test_only_the_newest_runs(overlap: Overlap, catch_up: int) -> None:
    found = which_to_catch_up(MISSED, now=NOON, catch_up=catch_up * MINUTE, overlap=overlap)

    assert found == (MISSED[3:], MISSED[:3])


@pytest.mark.parametrize(("catch_up", "missed"), [(0, 3), (59, 2), (60, 1), (89, 1), (90, 0)])
def test_a_buffer_of_all_keeps_all_that_are_in_time(catch_up: int, missed: int) -> None:
    found = which_to_catch_up(
        reversed(MISSED), now=NOON, catch_up=catch_up * MINUTE, overlap=Overlap.BUFFER_ALL
    )

    assert found == (MISSED[missed:], MISSED[:missed])


@pytest.mark.parametrize("overlap", list(Overlap))
def test_what_is_too_late_does_not_run(overlap: Overlap) -> None:
    found = which_to_catch_up(MISSED[:3], now=NOON, catch_up=29 * MINUTE, overlap=overlap)

    assert found == ([], MISSED[:3])


def test_what_was_refused_has_its_reason_and_stands_in_nobodys_way() -> None:
    fires = [ago(60), ago(30), ago(10, Refusal.BLACKOUT)]

    found = which_to_catch_up(fires, now=NOON, catch_up=HOUR, overlap=Overlap.SKIP)

    assert found == ([ago(30)], [ago(60)])


def test_nothing_missed() -> None:
    assert which_to_catch_up([], now=NOON, catch_up=HOUR, overlap=Overlap.SKIP) == ([], [])
