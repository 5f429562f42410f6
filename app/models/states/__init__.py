"""Every status word, and which word may follow which; drawn where each is written."""

from app.models.states.fires import FireOutcome, FireReason, OwnerKind
from app.models.states.groups import GroupState, LaunchCause, OnFailure, StepState
from app.models.states.jobs import JobKind, JobState
from app.models.states.mail import CopyState
from app.models.states.people import OpportunityState, PersonKind, UserKind
from app.models.states.responses import IntakeResult, Mode, ResponseStatus, Stage
from app.models.states.runs import RunKind, RunState, RunTrigger
from app.models.states.sequences import (
    ActionStatus,
    ActionType,
    BatchName,
    DeferralReason,
    Enrolment,
    ExitReason,
    OnUnmet,
    ParticipationState,
    SequenceObject,
    SequenceState,
)
from app.models.states.uploads import UploadObject, UploadOperation, UploadState
from app.models.states.windows import CloseReason

__all__ = [
    "ActionStatus",
    "ActionType",
    "BatchName",
    "CloseReason",
    "CopyState",
    "DeferralReason",
    "Enrolment",
    "ExitReason",
    "FireOutcome",
    "FireReason",
    "GroupState",
    "IntakeResult",
    "JobKind",
    "JobState",
    "LaunchCause",
    "Mode",
    "OnFailure",
    "OnUnmet",
    "OpportunityState",
    "OwnerKind",
    "ParticipationState",
    "PersonKind",
    "ResponseStatus",
    "RunKind",
    "RunState",
    "RunTrigger",
    "SequenceObject",
    "SequenceState",
    "Stage",
    "StepState",
    "UploadObject",
    "UploadOperation",
    "UploadState",
    "UserKind",
]
