"""The decisions of intake that need no state: which mode, what an item does to a record. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.models.states import Mode, UploadOperation
from app.scoring.schemas import ScoringSettingsDocument


class Reason(StrEnum):
    """Why an item changed nothing."""

    INVALID = "invalid"
    CAMPAIGN_NOT_FOUND = "campaign_not_found"
    UNKNOWN_MEMBER_STATUS = "unknown_member_status"
    PERSON_NOT_FOUND = "person_not_found"
    PERSON_WITHOUT_IDENTITY = "person_without_identity"
    STATUS_NOT_HIGHER = "status_not_higher"
    REPEAT_LIMIT = "repeat_limit"
    ALREADY_EXISTS = "already_exists"
    NOTHING_TO_UPDATE = "nothing_to_update"


# Why a file that may only make, or only change, records leaves one alone.
REFUSALS = frozenset({Reason.ALREADY_EXISTS, Reason.NOTHING_TO_UPDATE})


class Caution(StrEnum):
    """What was not done as asked, although the item was taken."""

    IDENTITY_CONFLICT = "identity_conflict"
    ATTRIBUTES_TOO_LARGE = "attributes_too_large"


class Step(StrEnum):
    """What an item does to the latest record of its person in its campaign."""

    CREATE = "create"
    UPDATE = "update"
    REPEAT = "repeat"
    NOT_HIGHER = "not_higher"
    LIMIT = "limit"


def refusal_of(operation: UploadOperation, step: Step) -> Reason | None:
    """Why a file that may only make, or only change, records must leave this one alone."""
    if operation is UploadOperation.INSERT and step in (Step.UPDATE, Step.NOT_HIGHER):
        return Reason.ALREADY_EXISTS
    if operation is UploadOperation.UPDATE and step in (Step.CREATE, Step.REPEAT):
        return Reason.NOTHING_TO_UPDATE
    return None


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """A rung of a campaign's ladder."""

    name: str
    responded: bool
    step: int


@dataclass(frozen=True, slots=True)
class Scheduling:
    """When a response is to be scored; `hold` is the delay of its window."""

    mode: Mode
    hold: timedelta | None = None


def scheduling_of(
    settings: ScoringSettingsDocument, *, is_prompt: bool, user: str, size: int
) -> Scheduling:
    """The mode of one item: the first line that fits.

    1  prompt                                     synchronous, in every mode
    2  default manual                             manual
    3  listed user, size within its threshold     window
    4  size above scoring_batch_size              asynchronous, due at once
    5  the default                                synchronous or asynchronous
    """
    default = default_mode(settings)
    listed = next((entry for entry in settings.async_users if entry.user == user), None)
    if is_prompt:
        return Scheduling(Mode.SYNCHRONOUS)
    if default is Mode.MANUAL:
        return Scheduling(Mode.MANUAL)
    if listed is not None and size <= listed.threshold:
        return Scheduling(Mode.WINDOW, listed.delay)
    if size > settings.scoring_batch_size:
        return Scheduling(Mode.ASYNCHRONOUS)
    return Scheduling(default)


def default_mode(settings: ScoringSettingsDocument) -> Mode:
    """Immediately wins over asynchronously; neither is manual."""
    if settings.evaluate_score_immediately:
        return Mode.SYNCHRONOUS
    if settings.evaluate_score_asynchronously:
        return Mode.ASYNCHRONOUS
    return Mode.MANUAL


def step_of(
    latest: MemberStatus | None, given: MemberStatus, *, repeat_number: int, limit: int
) -> Step:
    """What the item does, against the latest record's status (None if there is no record)."""
    if latest is None:
        return Step.CREATE
    if latest.responded:
        if not given.responded:
            return Step.NOT_HIGHER
        return Step.REPEAT if repeat_number < limit else Step.LIMIT
    if given.responded or given.step > latest.step:
        return Step.UPDATE
    return Step.NOT_HIGHER
