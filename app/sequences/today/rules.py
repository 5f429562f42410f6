"""What a rep may do with an action, and why it stands where it stands. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from app.criteria.catalogue import find_field
from app.criteria.oracle import Facts, holds
from app.criteria.parse import parse
from app.models import ParticipantAction, Timetable
from app.models import Sequence as Cadence
from app.models.states import ActionStatus, DeferralReason, ExitReason, SequenceState
from app.sequences.today.errors import ActionIsAutomatic, ActionNotNext, ActionOver

_BY_HAND = (ActionStatus.COMPLETED, ActionStatus.MANUALLY_SKIPPED)
_ON_TODAY = (ActionStatus.ON_ENGAGE, ActionStatus.INITIATED)
_SAID: Mapping[DeferralReason, str] = {
    DeferralReason.WAIT_CRITERIA: "It is due, and waits until its criteria hold.",
    DeferralReason.SKIP_CRITERIA: "It was due while its criteria did not hold.",
    DeferralReason.OPTED_OUT: "The person has opted out of it.",
    DeferralReason.PREVIOUSLY_ATTEMPTED_EMAIL: (
        "Sending began, and whether it ended is not known; it is never sent twice."
    ),
    DeferralReason.BLANK_EMAIL_ADDRESS: "The person has no e-mail address.",
    DeferralReason.EMPTY_EMAIL_BODY: "Filled in, its text is empty: somebody has to write it.",
    DeferralReason.BAD_SYNTAX_EMAIL_BODY: "The braces of its text do not pair: see to it by hand.",
}
_STANDS: Mapping[ActionStatus, str] = {
    ActionStatus.UPCOMING: "It is not due yet, or the batch has not come by since.",
    ActionStatus.SENDING_SOON: "It is being sent.",
    ActionStatus.ON_ENGAGE: "It is to be done now.",
    ActionStatus.INITIATED: "It was begun.",
    ActionStatus.COMPLETED: "It was done.",
    ActionStatus.AUTO_SKIPPED: "It was skipped.",
    ActionStatus.MANUALLY_SKIPPED: "Somebody skipped it.",
    ActionStatus.NOT_ACTIONABLE: "It never happens: the participant has left the sequence.",
}


class Outcome(NamedTuple):
    """One test of criteria, where it stands, and how it comes out."""

    pointer: str
    field: str
    op: str
    holds: bool
    is_empty: bool


def check_may_end(action: ParticipantAction, *, is_next: bool, by_doing_it: bool) -> None:
    """Raise unless a rep may complete or skip it now.

    Raises:
        ActionOver, ActionNotNext, ActionIsAutomatic
    """
    if action.status is ActionStatus.UPCOMING:
        if not is_next:
            raise ActionNotNext
        if by_doing_it and action.is_automatic:
            raise ActionIsAutomatic
    elif action.status not in _ON_TODAY or action.is_automatic:
        raise ActionOver(status=action.status)


class Delay(StrEnum):
    """Why no batch will look at an action that is still to come."""

    NOT_NEXT = "Other actions of this participant come first."
    INACTIVE = "Its sequence is not active; everybody in it waits."
    PAUSED = "The batch is paused."


def delay_of(
    sequence: Cadence, timetable: Timetable | None, due_at: datetime | None
) -> Delay | None:
    """Why none will, as far as is known now; None if one will.

    Args:
        due_at: when one is to look at it; None: it is not its turn.
    """
    if due_at is None:
        return Delay.NOT_NEXT
    if sequence.state is not SequenceState.ACTIVE:
        return Delay.INACTIVE
    return Delay.PAUSED if timetable is not None and timetable.is_paused else None


def detail_of(
    action: ParticipantAction, delay: Delay | None = None, left: ExitReason | None = None
) -> str:
    """In a sentence or two, why it stands where it stands.

    Args:
        left: why its participant is in the sequence no more; what it waited for is past then.
    """
    if action.status is ActionStatus.NOT_ACTIONABLE and action.note is None and left is not None:
        return f"{_STANDS[action.status].removesuffix('.')} ({left})."
    if action.status in _BY_HAND:
        return _STANDS[action.status]
    if action.deferral_reason is not None:
        said = _SAID[action.deferral_reason]
        return said if delay is None else f"{said} {delay}"
    if delay is not None:
        return delay.value
    if action.status is ActionStatus.NOT_ACTIONABLE and action.note is not None:
        return "The mail server refused it for good."
    return _STANDS[action.status]


def outcomes(criteria: Any, facts: Facts, now: datetime, pointer: str = "") -> Iterator[Outcome]:
    """Each test of criteria that were found good, and how it comes out."""
    if "not" in criteria:
        yield from outcomes(criteria["not"], facts, now, f"{pointer}/not")
    elif "field" in criteria:
        yield Outcome(
            pointer=pointer,
            field=criteria["field"],
            op=criteria["op"],
            holds=holds(parse(criteria), facts, now),
            is_empty=_is_empty(criteria["field"], facts, now),
        )
    else:
        word = "all" if "all" in criteria else "any"
        for position, part in enumerate(criteria[word]):
            yield from outcomes(part, facts, now, f"{pointer}/{word}/{position}")


def _is_empty(name: str, facts: Facts, now: datetime) -> bool:
    return find_field(name) is not None and holds(
        parse({"field": name, "op": "is_empty"}), facts, now
    )
