"""Where a sequence stands, whoever is in it, and each of their actions.

A sequence, one person's way through it, and each action on that way:

    draft ──▶ active ◀──▶ inactive

    active ──▶ completed (no action is left) · exited (a reason)

                          automatic                      recorded
    upcoming ──┬──────────────────▶ sending_soon ───────────────────▶ initiated
               │ due, manual                      └ nobody knows ───▶ auto_skipped
               ├─────────▶ on_engage ──▶ initiated ──▶ completed
               │               └───────────┴─────────▶ manually_skipped
               ├─ opted out, criteria ─▶ auto_skipped
               └─ the participant left ▶ not_actionable     from any that has not ended
"""

from enum import StrEnum
from uuid import UUID


class SequenceState(StrEnum):
    """Whether the batches work on a sequence."""

    DRAFT = "draft"
    ACTIVE = "active"
    INACTIVE = "inactive"

    def may_become(self, after: "SequenceState") -> bool:
        return after in _SEQUENCE_FOLLOWS[self]


_SEQUENCE_FOLLOWS = {
    SequenceState.DRAFT: frozenset({SequenceState.ACTIVE}),
    SequenceState.ACTIVE: frozenset({SequenceState.INACTIVE}),
    SequenceState.INACTIVE: frozenset({SequenceState.ACTIVE}),
}


class SequenceObject(StrEnum):
    """What takes part in a sequence; an opportunity does through its contacts."""

    CAMPAIGN_MEMBER = "campaign_member"
    CONTACT = "contact"
    LEAD = "lead"
    OPPORTUNITY = "opportunity"


class BatchName(StrEnum):
    """The four participant batches, each of one kind of object."""

    CAMPAIGN = "campaign"
    CONTACT = "contact"
    LEAD = "lead"
    OPPORTUNITY = "opportunity"

    @property
    def object(self) -> SequenceObject:
        return SequenceObject("campaign_member" if self is BatchName.CAMPAIGN else self.value)

    @property
    def id(self) -> UUID:
        """The same in every account, so that batches need no rows of their own to be named."""
        return UUID(int=1 + list(BatchName).index(self))


class Enrolment(StrEnum):
    """Who puts people into a sequence: a caller, or the batch by its entrance criteria."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class ActionType(StrEnum):
    CALL = "call"
    EMAIL = "email"
    SMS = "sms"
    TASK = "task"


class OnUnmet(StrEnum):
    """What becomes of a due action whose criteria do not hold."""

    WAIT = "wait"
    SKIP = "skip"


class ParticipationState(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    EXITED = "exited"


class ExitReason(StrEnum):
    """Why somebody left a sequence before its end; of several, the first of this order."""

    OPTED_OUT = "opted_out"
    CONVERTED = "converted"
    EXIT_CRITERIA = "exit_criteria"
    REMOVED = "removed"
    SEQUENCE_DELETED = "sequence_deleted"


class ActionStatus(StrEnum):
    """Where a participant's action stands."""

    UPCOMING = "upcoming"
    SENDING_SOON = "sending_soon"
    ON_ENGAGE = "on_engage"
    INITIATED = "initiated"
    COMPLETED = "completed"
    AUTO_SKIPPED = "auto_skipped"
    MANUALLY_SKIPPED = "manually_skipped"
    NOT_ACTIONABLE = "not_actionable"


class DeferralReason(StrEnum):
    """Why an action did not happen, or not as it was meant."""

    WAIT_CRITERIA = "WAIT_CRITERIA"
    SKIP_CRITERIA = "SKIP_CRITERIA"
    OPTED_OUT = "OPTED_OUT"
    PREVIOUSLY_ATTEMPTED_EMAIL = "PREVIOUSLY_ATTEMPTED_EMAIL"
    BLANK_EMAIL_ADDRESS = "BLANK_EMAIL_ADDRESS"
    EMPTY_EMAIL_BODY = "EMPTY_EMAIL_BODY"
    BAD_SYNTAX_EMAIL_BODY = "BAD_SYNTAX_EMAIL_BODY"
