"""The shapes of events, as webhooks will carry them and the outbox keeps them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field


class Qualified(BaseModel):
    """A response that was handed to sales."""

    response_id: UUID
    person_id: UUID
    campaign_id: UUID
    score: int
    threshold: int
    response_prompt: bool = Field(description="Raised on purpose: qualified whatever the score.")
    owner: str | None


class CampaignOutcome(BaseModel):
    """How many responses of one campaign ended where."""

    campaign_id: UUID
    by_status: dict[str, int]


class Resolved(BaseModel):
    """What one transaction resolved."""

    total: int
    campaigns: list[CampaignOutcome]
    run_id: UUID | None = Field(description="Null for responses scored in the request itself.")


class ResponseQualified(BaseModel):
    """One event for each response that qualified."""

    id: UUID
    type: Literal["response.qualified"]
    timestamp: datetime
    data: Qualified


class ResponsesResolved(BaseModel):
    """One event for each transaction that resolved responses."""

    id: UUID
    type: Literal["responses.resolved"]
    timestamp: datetime
    data: Resolved


class RunCounts(BaseModel):
    """total = succeeded + failed + skipped + unprocessed."""

    total: int
    succeeded: int
    failed: int
    skipped: int
    unprocessed: int


class RunNews(BaseModel):
    """A run that began or ended."""

    run_id: UUID
    kind: str
    state: str
    counts: RunCounts | None = Field(description="Null where a run has no rows, or none yet.")
    error_code: str | None


class RunStarted(BaseModel):
    """One event for each run that a worker begins."""

    id: UUID
    type: Literal["run.started"]
    timestamp: datetime
    data: RunNews


class RunSucceeded(BaseModel):
    """One event for each run that succeeded, also with warnings."""

    id: UUID
    type: Literal["run.succeeded"]
    timestamp: datetime
    data: RunNews


class RunFailed(BaseModel):
    """One event for each run that failed in the end."""

    id: UUID
    type: Literal["run.failed"]
    timestamp: datetime
    data: RunNews


class RunCancelled(BaseModel):
    """One event for each run that somebody cancelled."""

    id: UUID
    type: Literal["run.cancelled"]
    timestamp: datetime
    data: RunNews


class Volume(BaseModel):
    """How many rows a run had, and how many its job's runs usually have."""

    run_id: UUID
    job_id: UUID
    rows: int
    usual_rows: float = Field(description="The median of the last 20 successes before it.")


class RunVolumeUnusual(BaseModel):
    """One event for each run with none, under a fifth or over five times of the usual rows."""

    id: UUID
    type: Literal["run.volume_unusual"]
    timestamp: datetime
    data: Volume


class Refused(BaseModel):
    """A run that was asked for, and why there is none."""

    job_id: UUID
    trigger: str
    reason: str = Field(description="`quota_executions`, `quota_invocations`, `quota_minutes`.")
    requested_by: str | None


class RunRefused(BaseModel):
    """One event for each call or force that the day has no room for."""

    id: UUID
    type: Literal["run.refused"]
    timestamp: datetime
    data: Refused


class UsedUp(BaseModel):
    """A calendar day of the account, in its time zone, that has no room for a run."""

    day: date
    reason: str = Field(description="What was missing first: `quota_executions`, `quota_minutes`.")
    limit: int = Field(description="Executions or minutes a day that the plan has.")
    job_id: UUID = Field(description="Whose run, or next attempt, was refused.")
    resets_at: datetime


class QuotaExhausted(BaseModel):
    """One event for each day, at its first refusal: of a call, a planned moment or a retry."""

    id: UUID
    type: Literal["quota.exhausted"]
    timestamp: datetime
    data: UsedUp


class NotRun(BaseModel):
    """A planned moment that passed without a run."""

    owner_kind: str
    owner_id: UUID
    planned_at: datetime
    reason: str = Field(description="As `GET /v1/fires` has it.")
    by: str | None = Field(description="Who paused or skipped it.")


class FireNotRun(BaseModel):
    """One event for each planned moment that passed without a run."""

    id: UUID
    type: Literal["fire.not_run"]
    timestamp: datetime
    data: NotRun


class JobExpiry(BaseModel):
    """A job whose definition has an end, and when."""

    job_id: UUID
    expires_at: datetime


class JobExpiring(BaseModel):
    """Two events for each job that expires, 7 days and 1 day before; one, if both are overdue."""

    id: UUID
    type: Literal["job.expiring"]
    timestamp: datetime
    data: JobExpiry


class JobExpired(BaseModel):
    """One event for each job that has expired."""

    id: UUID
    type: Literal["job.expired"]
    timestamp: datetime
    data: JobExpiry
