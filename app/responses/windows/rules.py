"""When a window closes, and why. Pure.

closes_at passes, not held          delay
enough rows wait, not held          size
held_until passes after closes_at   hold_ended
somebody says so                    flush
"""

from datetime import datetime, timedelta

from app.core.errors import Fault
from app.models.states import CloseReason
from app.responses.errors import HoldInThePast, HoldTooLong

LONGEST_HOLD = timedelta(hours=24)


def hold_end(until: datetime, *, now: datetime) -> datetime:
    """The moment until which a window is held.

    Raises:
        HoldInThePast: it has passed.
        HoldTooLong: it is more than 24 hours ahead.
    """
    if until <= now:
        raise HoldInThePast(faults=[Fault("/until", "in_the_past", "has passed")])
    if until > now + LONGEST_HOLD:
        raise HoldTooLong(faults=[Fault("/until", "too_far", "is more than 24 hours ahead")])
    return until


def reason_on_release(closes_at: datetime, *, now: datetime) -> CloseReason | None:
    """Why a window closes as its hold is released; None if its own time has not come."""
    return CloseReason.HOLD_ENDED if closes_at <= now else None
