"""Every status word, and which word may follow which.

A response:

                    ┌─ Not a Response ─┐ (a responded status arrives)
    intake ─────────┤                  ▼
                    └──────▶ Pending - Scoring ──▶ Pending - TQR ──┬─▶ Open - Not Contacted (active)
                                                                   └─▶ Resolved - … (inactive)

A run:

    queued ──▶ running ──▶ succeeded · succeeded_with_warnings · failed
       └──────────┴──────▶ cancelled

An upload, in the words of the loaders that its senders know:

    Open ──▶ UploadComplete ──▶ InProgress ──▶ JobComplete · Failed
      └────────────┴────────────────┴───────▶ Aborted

A job:

    draft ──▶ published ◀──▶ unpublished
      └───────────┴──────────────┴──────▶ expired

A group:

    inactive ◀──▶ active
       └────────────┴──────▶ expired

A step of a group's run:

    waiting ──▶ running ──▶ succeeded · succeeded_with_warnings · failed · cancelled
       └──▶ not_run                       (refused or gone: failed without having run)

A copy of an e-mail, one for each recipient:

    waiting ──▶ sent · kept (in a sandbox's mailbox) · failed

A planned fire, recorded once:

    planned ──▶ ran (a run) · not_run (a reason)

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

A window:

    open ──▶ closed (delay · size · flush · hold_ended);  hold and release move only an open one
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


class PersonKind(StrEnum):
    LEAD = "lead"
    CONTACT = "contact"


class UserKind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"


class OpportunityState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class CloseReason(StrEnum):
    """Why a window closed."""

    DELAY = "delay"
    SIZE = "size"
    FLUSH = "flush"
    HOLD_ENDED = "hold_ended"


class RunKind(StrEnum):
    SCORING = "scoring"
    CLOCK = "clock"
    IMPORT = "import"
    EXPORT = "export"
    CODE = "code"
    BATCH = "batch"
    GROUP = "group"
    LAUNCH = "launch"


class RunTrigger(StrEnum):
    SCHEDULE = "schedule"
    API = "api"
    FORCE = "force"
    GROUP = "group"
    RETRY = "retry"
    RESUME = "resume"


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def may_become(self, after: "RunState") -> bool:
        return after in _FOLLOWS.get(self, frozenset())


_ENDS = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}
_FOLLOWS = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: _ENDS,
}


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    def may_become(self, after: "UploadState") -> bool:
        return after in _UPLOAD_FOLLOWS.get(self, frozenset())


_UPLOAD_FOLLOWS = {
    UploadState.OPEN: frozenset({UploadState.UPLOAD_COMPLETE, UploadState.ABORTED}),
    UploadState.UPLOAD_COMPLETE: frozenset({UploadState.IN_PROGRESS, UploadState.ABORTED}),
    UploadState.IN_PROGRESS: frozenset(
        {UploadState.JOB_COMPLETE, UploadState.FAILED, UploadState.ABORTED}
    ),
}


class UploadObject(StrEnum):
    """What the rows of an upload are."""

    RESPONSES = "responses"
    PEOPLE = "people"


class UploadOperation(StrEnum):
    """What a row may do: only make, only change, or either."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    EXPORT = "export"
    CODE = "code"
    MAINTENANCE = "maintenance"


class JobState(StrEnum):
    """Where the definition of a job stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    EXPIRED = "expired"

    def may_become(self, after: "JobState") -> bool:
        return after in _JOB_FOLLOWS.get(self, frozenset())


_JOB_FOLLOWS = {
    JobState.DRAFT: frozenset({JobState.PUBLISHED, JobState.EXPIRED}),
    JobState.PUBLISHED: frozenset({JobState.UNPUBLISHED, JobState.EXPIRED}),
    JobState.UNPUBLISHED: frozenset({JobState.PUBLISHED, JobState.EXPIRED}),
}


class GroupState(StrEnum):
    """Where the definition of a group stands."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    EXPIRED = "expired"

    def may_become(self, after: "GroupState") -> bool:
        return after in _GROUP_FOLLOWS.get(self, frozenset())


_GROUP_FOLLOWS = {
    GroupState.INACTIVE: frozenset({GroupState.ACTIVE, GroupState.EXPIRED}),
    GroupState.ACTIVE: frozenset({GroupState.INACTIVE, GroupState.EXPIRED}),
}


class StepState(StrEnum):
    """Where a step of a group's run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_RUN = "not_run"

    def may_become(self, after: "StepState") -> bool:
        return after in _STEP_FOLLOWS.get(self, frozenset())

    @property
    def has_succeeded(self) -> bool:
        return self in _WELL


_WELL = frozenset({StepState.SUCCEEDED, StepState.SUCCEEDED_WITH_WARNINGS})
_STEP_ENDS = _WELL | {StepState.FAILED, StepState.CANCELLED}
_STEP_FOLLOWS = {
    StepState.WAITING: frozenset({StepState.RUNNING, StepState.NOT_RUN, StepState.FAILED}),
    StepState.RUNNING: _STEP_ENDS,
}


class OnFailure(StrEnum):
    """What becomes of a group's run when a step of it fails."""

    HALT = "halt"
    CONTINUE = "continue"


class LaunchCause(StrEnum):
    """Who launches a campaign."""

    API = "api"
    GROUP = "group"
    SCHEDULE = "schedule"


class OwnerKind(StrEnum):
    """What has a schedule."""

    JOB = "job"
    GROUP = "group"
    BATCH = "batch"
    CAMPAIGN = "campaign"


class FireOutcome(StrEnum):
    """What became of a planned moment."""

    RAN = "ran"
    NOT_RUN = "not_run"


class FireReason(StrEnum):
    """Why a planned fire did not run; of several, the first of this order."""

    EXPIRED = "expired"
    PAUSED = "paused"
    SKIP_REQUESTED = "skip_requested"
    MAINTENANCE = "maintenance"
    BLACKOUT = "blackout"
    DST = "dst"
    MISSED_WINDOW = "missed_window"
    OVERLAP = "overlap"
    GAP = "gap"
    QUOTA_EXECUTIONS = "quota_executions"
    QUOTA_INVOCATIONS = "quota_invocations"
    QUOTA_MINUTES = "quota_minutes"


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


class CopyState(StrEnum):
    """What became of a copy of an e-mail."""

    WAITING = "waiting"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
