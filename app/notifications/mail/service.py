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


async def record(session: Transaction, taken: Taken, outcome: Outcome, *, now: datetime) -> bool:
    """Write what became of a copy, or when it is tried again; False if the claim is out of date.

    The pauses count from the end of the attempt.
    """
    if outcome.fate in _ENDS:
        return await queries.end(session, taken, _ENDS[outcome.fate], why=outcome.reason, now=now)
    pause = rules.pause_after(taken.token)
    if pause is None:
        return await queries.end(session, taken, CopyState.FAILED, why=outcome.reason, now=now)
    return await queries.defer(session, taken, until=now + pause, why=outcome.reason)
