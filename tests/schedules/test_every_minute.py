"""Against the walk through every minute, in places where clocks are changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.schedules.rules import next_planned, planned
from app.schedules.schemas import stored
from tests.schedules.documents import documents, places
from tests.schedules.oracle import PLACES, Place, expected, walk

MICROSECOND = timedelta(microseconds=1)
at_length = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(data=st.data(), place=places)
@at_length
def test_local_times_are_planned_as_the_walk_finds_them(data: st.DataObject, place: Place) -> None:
    document, wants = data.draw(documents(place.zone, place.day))

    found = list(planned(stored(document), after=place.start - MICROSECOND, until=place.end))

    # What a gap at the very end would leave behind it is cut off in both.
    assert found == [fire for fire in expected(document, wants, place) if fire.at <= place.end]


@given(data=st.data(), place=places, shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@at_length
def test_two_parts_make_the_whole_and_every_fire_is_the_next_one_once(
    data: st.DataObject, place: Place, shares: tuple[float, float]
) -> None:
    document, _ = data.draw(documents(place.zone, place.day))
    first = place.start + shares[0] * place.length
    starts_at = data.draw(st.sampled_from([None, first]))
    ends_at = data.draw(st.sampled_from([None, first, place.end]))
    bounds = {"starts_at": starts_at, "ends_at": ends_at}
    schedule = stored(document).model_copy(update=bounds)
    middle = place.start + shares[1] * place.length

    whole = list(planned(schedule, after=place.start, until=place.end))
    parts = [
        *planned(schedule, after=place.start, until=middle),
        *planned(schedule, after=middle, until=place.end),
    ]

    assert parts == whole
    assert all(earlier.at < later.at for earlier, later in pairwise(whole))
    assert all((starts_at or fire.at) <= fire.at <= (ends_at or fire.at) for fire in whole)
    after = place.start
    for fire in whole[:20]:
        assert next_planned(schedule, after=after) == fire
        after = fire.at


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.zone} {place.day}")
@pytest.mark.parametrize("minutes", [5, 7, 30, 60, 90, 420, 720, 1439, 1440])
def test_a_grid_starts_afresh_at_each_first_minute_of_a_day(place: Place, minutes: int) -> None:
    document = {"type": "interval", "every": f"PT{minutes}M", "anchor": "midnight"}
    schedule = stored(document | {"timezone": place.zone})
    every = timedelta(minutes=minutes)

    found = [fire.at for fire in planned(schedule, after=place.start, until=place.end)]

    midnights = list(_midnights(place))
    assert found == sorted(set(found))
    for midnight, following in pairwise(midnights):
        points = [midnight + n * every for n in range((following - midnight) // every + 1)]
        on_grid = [
            point
            for point in points
            if point < following
            and (point - midnight < timedelta(days=1) or point + every <= following)
        ]
        assert [at for at in found if midnight <= at < following] == on_grid


def _midnights(place: Place) -> Iterator[datetime]:
    """The first minute of each local date."""
    latest = place.start.astimezone(ZoneInfo(place.zone)).date()
    for step in walk(place):
        if step.local.date() > latest:
            latest = step.local.date()
            yield step.at
