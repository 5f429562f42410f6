from datetime import UTC, datetime, timedelta

import pytest

from app.models.states import CloseReason
from app.responses.errors import HoldInThePast, HoldTooLong
from app.responses.windows.rules import LONGEST_HOLD, hold_end, reason_on_release

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("until", [NOW + TICK, NOW + LONGEST_HOLD])
def test_a_hold_may_end_at_any_moment_of_the_next_24_hours(until: datetime) -> None:
    assert hold_end(until, now=NOW) == until


@pytest.mark.parametrize("until", [NOW, NOW - TICK])
def test_a_hold_cannot_end_now_or_before(until: datetime) -> None:
    with pytest.raises(HoldInThePast) as refused:
        hold_end(until, now=NOW)
    assert [fault.pointer for fault in refused.value.faults] == ["/until"]


def test_a_hold_cannot_end_later_than_24_hours_ahead() -> None:
    with pytest.raises(HoldTooLong) as refused:
        hold_end(NOW + LONGEST_HOLD + TICK, now=NOW)
    assert [fault.pointer for fault in refused.value.faults] == ["/until"]


def test_a_release_closes_only_a_window_whose_own_time_has_come() -> None:
    assert reason_on_release(NOW, now=NOW) is CloseReason.HOLD_ENDED
    assert reason_on_release(NOW + TICK, now=NOW) is None
