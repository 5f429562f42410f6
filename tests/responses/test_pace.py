"""How long an intake transaction lets requests gather."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.responses.intake.pace import (
    BUSY_SECONDS,
    ENOUGH,
    LONG_SECONDS,
    LONGEST_SECONDS,
    QUIET_SECONDS,
    is_worth_waiting,
    pause,
    stand_back,
)


@pytest.mark.parametrize(
    ("took", "came", "expected"),
    [
        (BUSY_SECONDS * 2, 1, True),
        (BUSY_SECONDS * 2, 0, False),  # a slow disk, and one who sends one after the other
        (BUSY_SECONDS, 1, False),  # an idle machine, and many senders
        (0.0, 0, False),
    ],
)
def test_a_transaction_waits_only_after_a_long_one_during_which_others_came(
    took: float, came: int, expected: bool
) -> None:
    assert is_worth_waiting(took=took, came=came) is expected


def test_one_that_takes_long_holds_up_nobody() -> None:
    assert stand_back(at_work=0.0) == LONG_SECONDS
    assert stand_back(at_work=LONG_SECONDS / 4) == pytest.approx(LONG_SECONDS * 3 / 4)
    assert stand_back(at_work=LONG_SECONDS) == 0.0
    assert stand_back(at_work=3.0) == 0.0


def test_it_waits_for_the_next_request() -> None:
    assert pause(waiting=1, waited=0.0) == QUIET_SECONDS


def test_nobody_waits_longer_than_the_longest() -> None:
    waited = LONGEST_SECONDS - QUIET_SECONDS / 2

    assert pause(waiting=2, waited=waited) == pytest.approx(QUIET_SECONDS / 2)
    assert pause(waiting=2, waited=LONGEST_SECONDS) == 0.0


def test_enough_are_not_kept_waiting_for_more() -> None:
    assert pause(waiting=ENOUGH, waited=0.0) == 0.0


@given(waiting=st.integers(1, 10_000), waited=st.floats(0, 60))
def test_no_pause_goes_beyond_its_bound(waiting: int, waited: float) -> None:
    seconds = pause(waiting=waiting, waited=waited)

    assert 0 <= seconds <= QUIET_SECONDS
    assert waited + seconds <= max(waited, LONGEST_SECONDS)
