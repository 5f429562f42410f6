"""What follows when an attempt has ended. Pure.

returned ────────────────────────────────▶ the run has succeeded
cancelled ───────────────────────────────▶ the run is cancelled
worker_stopped, the job has retries ─────▶ again, and no retry is used up
no retry is left, or it would be in vain ▶ the run has failed
else ────────────────────────────────────▶ again, and a retry is used up
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

# However often workers are stopped: so many attempts of one run, and no more.
MOST_ATTEMPTS = 20
_LONGEST_DETAIL = 10_000


class Ending(StrEnum):
    """How an attempt ended; the words of a failure are the run's error codes."""

    RETURNED = "returned"
    CANCELLED = "cancelled"
    RAISED = "raised"
    KILLED = "killed"
    TIMEOUT = "timeout"
    LOST = "sandbox_lost"
    WORKER_LOST = "worker_lost"
    WORKER_STOPPED = "worker_stopped"
    CODE_DAMAGED = "code_damaged"
    CODE_GONE = "code_gone"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    INTERNAL_ERROR = "internal_error"


RETRY_REFUSED = "retry_refused"
_IN_VAIN = frozenset(
    {
        Ending.CODE_DAMAGED,
        Ending.CODE_GONE,
        Ending.SANDBOX_UNAVAILABLE,
        Ending.INTERNAL_ERROR,
    }
)


class Next(StrEnum):
    """What follows."""

    SUCCEED = "succeed"
    CANCEL = "cancel"
    FAIL = "fail"
    AGAIN = "again"
    AGAIN_FOR_FREE = "again_for_free"


@dataclass(frozen=True, slots=True)
class Counts:
    """total = succeeded + failed + skipped + unprocessed."""

    total: int
    succeeded: int
    failed: int
    skipped: int
    unprocessed: int


@dataclass(frozen=True, slots=True)
class Ended:
    """One attempt that is over; no value of a secret is in any of it.

    Attributes:
        detail: why, where it did not return.
        counts: what `main` returned, where that is counts.
        returned: the same as JSON, where it is none.
        warnings: what went wrong beside it.
        hosts: whom it called.
    """

    ending: Ending
    detail: str = ""
    counts: Counts | None = None
    returned: Any = None
    warnings: Sequence[str] = ()
    hosts: Sequence[dict[str, Any]] = field(default=())

    @property
    def shown_detail(self) -> str:
        """The end of a long one: there the traceback says what happened."""
        return self.detail[-_LONGEST_DETAIL:]


def what_follows(ending: Ending, *, attempt: int, retries_used: int, retries: int) -> Next:
    """What becomes of a run whose attempt has ended.

    Args:
        attempt: its number, from 0.
        retries_used: how many of the attempts before were retries that counted.
        retries: how many the job has; 0 where it is gone.
    """
    if ending is Ending.RETURNED:
        return Next.SUCCEED
    if ending is Ending.CANCELLED:
        return Next.CANCEL
    if ending in _IN_VAIN or attempt + 1 >= MOST_ATTEMPTS:
        return Next.FAIL
    if ending is Ending.WORKER_STOPPED and retries:
        return Next.AGAIN_FOR_FREE
    return Next.AGAIN if retries_used < retries else Next.FAIL


def is_overdue(elapsed: timedelta, timeout: timedelta) -> bool:
    """Whether an attempt has had its time; both are business time."""
    return elapsed >= timeout
