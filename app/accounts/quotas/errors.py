"""Why a run may not start: what of the account's day is used up.

Exhausted ── QuotaExecutions · QuotaInvocations · QuotaMinutes     again when the next day begins
"""

from datetime import timedelta
from typing import Any

from app.core.errors import Exhausted


class QuotaUsedUp(Exhausted):
    """A quota of the day is used up."""

    def __init__(self, *, retry_after: timedelta, **facts: Any) -> None:
        super().__init__(**facts)
        self.retry_after = retry_after


class QuotaExecutions(QuotaUsedUp):
    """All {limit} executions of the account's day are used up."""


class QuotaInvocations(QuotaUsedUp):
    """The job has been started {limit} times this day, by schedule and otherwise."""


class QuotaMinutes(QuotaUsedUp):
    """Fewer minutes are left of the {limit} of the account's day than the timeout of the job."""
