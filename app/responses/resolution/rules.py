"""What becomes of a scored response: the first line that fits decides. Pure.

1  another response of the person is active      Resolved - Already Engaged
2  a prompt                                      qualified
3  score below the threshold                     waits for the grace, else No Action Required
4  the person has an open opportunity            Resolved - Existing Opportunity
5  before the person's nurture_until             Resolved - No Action Required
6  otherwise                                     qualified: Open - Not Contacted
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from app.models.states import Mode, ResponseStatus


@dataclass(slots=True)
class Candidate:
    """A scored response with everything the decision looks at."""

    response_id: UUID
    person_id: UUID
    campaign_id: UUID
    score: int
    threshold: int
    is_prompt: bool
    mode: Mode
    responded_at: datetime
    received_at: datetime
    active_response_id: UUID | None
    has_open_opportunity: bool
    nurture_until: datetime | None


@dataclass(slots=True)
class Verdict:
    """The status a candidate gets; `waits_until` if it stays pending for the grace."""

    candidate: Candidate
    status: ResponseStatus
    waits_until: datetime | None = None


_moment = attrgetter("responded_at", "response_id")
# Compared with every verdict, and finding a member of an enumeration is a call.
_OPEN = ResponseStatus.OPEN


def decide_all(
    candidates: Iterable[Candidate], *, grace: timedelta, now: datetime
) -> list[Verdict]:
    """Decide in order of `responded_at`, then id; who qualifies makes the person engaged."""
    engaged: set[UUID] = set()
    verdicts = []
    for candidate in sorted(candidates, key=_moment):
        verdict = decide(candidate, is_engaged=candidate.person_id in engaged, grace=grace, now=now)
        if verdict.status is _OPEN:
            engaged.add(candidate.person_id)
        verdicts.append(verdict)
    return verdicts


def decide(candidate: Candidate, *, is_engaged: bool, grace: timedelta, now: datetime) -> Verdict:
    """Decide one. `is_engaged`: an earlier one of this transaction made the person active."""
    if is_engaged or candidate.active_response_id not in (None, candidate.response_id):
        return Verdict(candidate, ResponseStatus.ALREADY_ENGAGED)
    if candidate.is_prompt:
        return Verdict(candidate, ResponseStatus.OPEN)
    if candidate.score < candidate.threshold:
        end = candidate.received_at + grace
        if grace and candidate.mode is not Mode.SYNCHRONOUS and end > now:
            return Verdict(candidate, ResponseStatus.PENDING_TQR, waits_until=end)
        return Verdict(candidate, ResponseStatus.NO_ACTION_REQUIRED)
    if candidate.has_open_opportunity:
        return Verdict(candidate, ResponseStatus.EXISTING_OPPORTUNITY)
    if candidate.nurture_until is not None and now < candidate.nurture_until:
        return Verdict(candidate, ResponseStatus.NO_ACTION_REQUIRED)
    return Verdict(candidate, ResponseStatus.OPEN)
