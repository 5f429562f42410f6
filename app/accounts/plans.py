"""What an account may use: the limits of its plan, with the defaults of a new account."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class QuotaMode(StrEnum):
    """When the minutes of a run are taken from the day."""

    BOOK = "book"
    RESERVE = "reserve"


class Plan(BaseModel):
    """The limits of an account; what its row does not name has the default here.

    Days are the account's, in its time zone. The minimum gap is inclusive: with 60, a job may run
    at 1:00 and at 2:00.
    """

    model_config = ConfigDict(frozen=True)

    jobs: int = 5
    executions_per_day: int = 24
    minutes_per_day: int = 240
    invocations_per_job: int = 10
    max_retries: int = 1
    minimum_gap_minutes: int = 60
    zip_bytes: int = 4 * 2**20
    database_access: bool = False
    code_jobs: bool = True
    quota_mode: QuotaMode = QuotaMode.BOOK

    @property
    def time_per_day(self) -> timedelta:
        return timedelta(minutes=self.minutes_per_day)

    @property
    def minimum_gap(self) -> timedelta:
        return timedelta(minutes=self.minimum_gap_minutes)


def plan_of(stored: Mapping[str, Any]) -> Plan:
    """The plan of an account's row, merged with the defaults."""
    return Plan.model_validate(dict(stored))


def changed(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored plan after a change; a field given as None goes back to its default."""
    merged = {**stored, **given}
    return {field: value for field, value in merged.items() if value is not None}
