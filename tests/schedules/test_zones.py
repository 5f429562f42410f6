"""Where time zones come from, and that their changes are found."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from app.schedules.rules.zones import moment_of, spans
from tests.guards.sources import ROOT

PREVIEW = """
from zoneinfo import TZPATH
from tests.schedules.making import a_schedule, shown
assert TZPATH == ()
print(shown(a_schedule("daily", at=["02:30"]), "2026-03-28 12:00", 1))
"""


def test_a_system_without_zones_uses_those_of_the_package() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PREVIEW],
        env={"PYTHONTZPATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "['2026-03-29 03:00:00+02:00']\n"


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia"],
)
def test_spans_follow_each_other_and_have_the_zones_offsets(zone: str) -> None:
    found = list(islice(spans(zone, datetime(2009, 7, 1, tzinfo=UTC)), 60))

    assert all(span.end == following.start for span, following in pairwise(found))
    for span in found:
        offset = timedelta(seconds=span.offset)
        for second in (span.start, (span.start + span.end) // 2, span.end - 1):
            assert moment_of(second).astimezone(ZoneInfo(zone)).utcoffset() == offset
