"""What follows an attempt to send a copy; inside the caller's transaction."""

from datetime import datetime

from app.core.driver import Transaction
from app.models.states import CopyState
from app.notifications.conversation import Fate, Outcome
from app.notifications.mail import queries, rules
from app.notifications.mail.queries import Taken

_ENDS = {
    Fate.SENT: CopyState.SENT,
    Fate.KEPT: CopyState.KEPT,
    Fate.REFUSED: CopyState.FAILED,
}


async def record(
    session: Transaction, taken: Taken, outcome: Outcome, *, now: datetime
) -> CopyState | None:
    """Write what became of a copy, or when it is tried again; None if the claim is out of date.

    The pauses count from the end of the attempt.
    """
    pause = rules.pause_after(taken.token)
    if outcome.fate not in _ENDS and pause is not None:
        is_put_off = await queries.defer(session, taken, until=now + pause, why=outcome.reason)
        return CopyState.WAITING if is_put_off else None
    state = _ENDS.get(outcome.fate, CopyState.FAILED)
    is_over = await queries.end(session, taken, state, why=outcome.reason, now=now)
    return state if is_over else None
