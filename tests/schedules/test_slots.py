"""A slot's minute: drawn when the schedule is saved, kept afterwards, never the caller's."""

import random
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from app.schedules.errors import InvalidSchedule, SlotOver
from app.schedules.rules import settled
from app.schedules.schemas import Daily, Schedule, stored
from tests.schedules.making import BERLIN, NOON, a_schedule, shown, utc

DRAWS = 3_000


def minutes_drawn(document: dict[str, Any], now: datetime) -> Counter[int]:
    chance, asked = random.Random(7), stored(document)
    drawn: Counter[int] = Counter()
    for _ in range(DRAWS):
        schedule = settled(asked, now=now, timezone="UTC", chance=chance)
        drawn[getattr(schedule, "minute")] += 1  # noqa: B009  # not all types have one
    return drawn


def assert_even(drawn: Counter[int], minutes: range) -> None:
    """Each of these and no other, none much rarer or more frequent than its share."""
    assert set(drawn) == set(minutes)
    share = DRAWS / len(minutes)
    assert all(abs(times - share) < 6 * share**0.5 for times in drawn.values())


@pytest.mark.parametrize(
    ("slot", "minutes"),
    [
        ("0-14", range(15)),
        ("15-29", range(15, 30)),
        ("30-44", range(30, 45)),
        ("45-59", range(45, 60)),
    ],
)
def test_each_minute_of_a_slot_to_come_is_as_likely(slot: str, minutes: range) -> None:
    assert_even(minutes_drawn({"type": "daily", "hour": 13, "slot": slot}, NOON), minutes)


def test_a_slot_partly_past_draws_from_what_is_left() -> None:
    drawn = minutes_drawn({"type": "daily", "hour": 12, "slot": "0-14"}, utc("2026-03-02 12:09:59"))

    assert_even(drawn, range(10, 15))


def test_the_minute_that_has_just_begun_is_not_left() -> None:
    drawn = minutes_drawn({"type": "daily", "hour": 12, "slot": "0-14"}, utc("2026-03-02 12:13:00"))

    assert set(drawn) == {14}


def test_the_minute_of_the_start_is_left() -> None:
    starts = {"starts_at": "2026-03-05T12:13:00Z"}
    drawn = minutes_drawn({"type": "daily", "hour": 12, "slot": "0-14"} | starts, NOON)

    assert set(drawn) == {13, 14}


@pytest.mark.parametrize(
    ("now", "slot", "sentence"),
    [
        ("2026-03-02 09:14", "0-14", "2026-03-02; the next slot is 15-29 of hour 9 on 2026-03-02."),
        ("2026-03-02 09:20", "0-14", "2026-03-02; the next slot is 15-29 of hour 9 on 2026-03-02."),
        ("2026-03-02 09:29", "0-14", "2026-03-02; the next slot is 30-44 of hour 9 on 2026-03-02."),
        ("2026-03-02 09:59:01", "45-59", "the next slot is 0-14 of hour 10 on 2026-03-02."),
        ("2026-03-02 23:59", "0-14", "2026-03-02; the next slot is 0-14 of hour 0 on 2026-03-03."),
    ],
)
def test_a_slot_that_is_over_names_the_next_one(now: str, slot: str, sentence: str) -> None:
    with pytest.raises(SlotOver) as caught:
        a_schedule("daily", hour=9, slot=slot, now=utc(now), zone="UTC")

    assert str(caught.value).startswith("No minute of the slot is left on 2026-03-02; ")
    assert str(caught.value).endswith(sentence)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/slot", "slot_over")
    ]
    assert caught.value.code == "slot_over"


def test_the_wanted_day_is_that_of_the_start() -> None:
    later: dict[str, Any] = {"starts_at": "2026-03-03T00:00:00+01:00"}

    assert shown(a_schedule("daily", hour=9, slot="0-14", **later), "2026-03-02 12:00", 1)
    with pytest.raises(SlotOver):
        a_schedule("daily", hour=9, slot="0-14", starts_at="2026-03-03T10:00:00+01:00")


@pytest.mark.parametrize(
    "fields", [{"type": "weekly", "weekdays": ["tue"]}, {"type": "monthly", "days": [3]}]
)
def test_on_a_day_that_is_not_wanted_nothing_is_over(fields: dict[str, Any]) -> None:
    assert_even(minutes_drawn({"hour": 9, "slot": "0-14", **fields}, NOON), range(15))


def test_the_local_day_counts() -> None:
    """Noon in Berlin is a quarter to five in the afternoon in Kathmandu."""
    with pytest.raises(SlotOver):
        a_schedule("daily", hour=16, slot="0-14", zone="Asia/Kathmandu")
    a_schedule("daily", hour=16, slot="0-14", zone=BERLIN)


def test_the_same_slot_keeps_its_minute() -> None:
    before = a_schedule("daily", hour=9, slot="0-14", now=utc("2026-03-02 05:00"))
    shown_again = before.model_dump(mode="json") | {"grace": "PT1H"}
    left_out = {name: said for name, said in shown_again.items() if name != "minute"}

    for document in (shown_again, left_out):
        assert again(document, before) == before.model_copy(
            update={"grace": stored(document).grace}
        )


def again(document: dict[str, Any], before: Schedule) -> Schedule:
    return settled(
        stored(document), now=NOON, timezone=BERLIN, chance=random.Random(99), before=before
    )


def test_another_slot_draws_again() -> None:
    before = a_schedule("daily", hour=9, slot="0-14", now=utc("2026-03-02 05:00"))

    after = again({"type": "daily", "hour": 14, "slot": "30-44"}, before)

    assert isinstance(after, Daily)
    assert after.minute in range(30, 45)


@pytest.mark.parametrize("minute", [0, 7, 14])
def test_a_minute_of_the_callers_own_is_refused(minute: int) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        a_schedule("daily", hour=15, slot="0-14", minute=minute)

    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/minute", "not_yours")
    ]


@pytest.mark.parametrize(
    ("type_", "fields", "pointer"),
    [
        ("once", {"starts_at": "2026-03-02T12:00:00Z"}, "/starts_at"),
        ("daily", {"at": ["09:00"], "ends_at": "2026-03-02T11:00:00Z"}, "/ends_at"),
    ],
)
def test_what_is_over_before_it_begins_is_refused(
    type_: str, fields: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        a_schedule(type_, **fields)

    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        (pointer, "in_the_past")
    ]


def test_a_single_fire_that_took_place_may_be_sent_back() -> None:
    before = a_schedule("once", starts_at="2026-03-02T11:00:00Z", now=utc("2026-03-01"))

    assert again(before.model_dump(mode="json"), before) == before
