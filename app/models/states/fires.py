"""What becomes of a planned moment.

A planned fire, recorded once:

    planned ──▶ ran (a run) · not_run (a reason)
"""

from enum import StrEnum


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
