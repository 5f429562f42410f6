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

A copy of an e-mail, one for each recipient:

    waiting ──▶ sent · kept (in a sandbox's mailbox) · failed

A planned fire, recorded once:

    planned ──▶ ran (a run) · not_run (a reason)

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


class CopyState(StrEnum):
    """What became of a copy of an e-mail."""

    WAITING = "waiting"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
