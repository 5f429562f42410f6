"""Where a response stands, and how it came there.

A response:

                    ┌─ Not a Response ─┐ (a responded status arrives)
    intake ─────────┤                  ▼
                    └──────▶ Pending - Scoring ──▶ Pending - TQR ──┬─▶ Open - Not Contacted (active)
                                                                   └─▶ Resolved - … (inactive)
"""

from enum import StrEnum


class ResponseStatus(StrEnum):
    """Where a response stands; the words are the contract, verbatim."""

    PENDING_SCORING = "Pending - Scoring"
    PENDING_TQR = "Pending - TQR"
    OPEN = "Open - Not Contacted"
    ATTEMPTING_CONTACT = "Attempting Contact"
    WORKING = "Working"
    QUALIFIED_NEW_OPPORTUNITY = "Qualified - New Opportunity"
    NOT_A_RESPONSE = "Not a Response"
    ALREADY_ENGAGED = "Resolved - Already Engaged"
    NO_ACTION_REQUIRED = "Resolved - No Action Required"
    EXISTING_OPPORTUNITY = "Resolved - Existing Opportunity"
    OPPORTUNITY_DELETED = "Resolved - Opportunity Deleted"
    OPPORTUNITY_WON = "Resolved - Opportunity Won"
    OPPORTUNITY_LOST = "Resolved - Opportunity Lost"
    NURTURE = "Nurture/Marketing"
    DISQUALIFIED = "Disqualified"

    @property
    def is_pending(self) -> bool:
        return self in _PENDING

    @property
    def is_active(self) -> bool:
        return self in _ACTIVE


_PENDING = frozenset({ResponseStatus.PENDING_SCORING, ResponseStatus.PENDING_TQR})


_ACTIVE = frozenset(
    {
        ResponseStatus.OPEN,
        ResponseStatus.ATTEMPTING_CONTACT,
        ResponseStatus.WORKING,
        ResponseStatus.QUALIFIED_NEW_OPPORTUNITY,
    }
)


class Mode(StrEnum):
    """When a response is scored; decided at intake and kept."""

    SYNCHRONOUS = "synchronous"
    ASYNCHRONOUS = "asynchronous"
    WINDOW = "window"
    MANUAL = "manual"


class Stage(StrEnum):
    """The two steps of a lane."""

    SCORING = "scoring"
    RESOLUTION = "resolution"


class IntakeResult(StrEnum):
    """What became of one item."""

    CREATED = "created"
    UPDATED = "updated"
    REPEAT = "repeat"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    REJECTED = "rejected"
