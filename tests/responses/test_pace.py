"""How long an intake transaction lets requests gather."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.responses.intake.pace import BUSY_SECONDS, ENOUGH, LONGEST_SECONDS, QUIET_SECONDS, pause

_LONG = BUSY_SECONDS * 2


@pytest.mark.parametrize("took", [0.0, BUSY_SECONDS / 2, BUSY_SECONDS])
def test_on_an_idle_machine_a_transaction_begins_at_once(took: float) -> None:
    assert pause(took=took, waiting=1, waited=0.0) == 0.0


def test_on_a_busy_machine_it_waits_for_the_next_request() -> None:
    assert pause(took=_LONG, waiting=1, waited=0.0) == QUIET_SECONDS


def test_nobody_waits_longer_than_the_longest() -> None:
    waited = LONGEST_SECONDS - QUIET_SECONDS / 2

    assert pause(took=_LONG, waiting=2, waited=waited) == pytest.approx(QUIET_SECONDS / 2)
    assert pause(took=_LONG, waiting=2, waited=LONGEST_SECONDS) == 0.0


def test_enough_are_not_kept_waiting_for_more() -> None:
    assert pause(took=_LONG, waiting=ENOUGH, waited=0.0) == 0.0


@given(
    took=st.floats(0, 60),
    waiting=st.integers(1, 10_000),
    waited=st.floats(0, 60),
)
def test_however_long_all_of_it_took_no_pause_goes_beyond_its_bound(
    took: float, waiting: int, waited: float
) -> None:
    seconds = pause(took=took, waiting=waiting, waited=waited)

    assert 0 <= seconds <= QUIET_SECONDS
    assert waited + seconds <= max(waited, LONGEST_SECONDS)
