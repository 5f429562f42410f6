"""The shapes of events, as webhooks carry them and the outbox keeps them.

`data` has ids and words of the contract, never names or addresses of people: whoever may know more
asks for it by the ids.
"""

from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

Word = TypeVar("Word")
Data = TypeVar("Data", bound=BaseModel)


class Envelope(BaseModel, Generic[Word, Data]):
    """What every event looks like; the same bytes on each attempt to deliver it."""

    id: UUID = Field(description="As the header `webhook-id`: seen twice, it is the same event.")
    type: Word
    timestamp: datetime = Field(description="When it happened, not when it was sent.")
    data: Data


class Qualified(BaseModel):
    """A response that was handed to sales."""

    response_id: UUID
    person_id: UUID
    campaign_id: UUID
    score: int
    threshold: int
    response_prompt: bool = Field(description="Raised on purpose: qualified whatever the score.")
    owner: str | None


class ResponseQualified(Envelope[Literal["response.qualified"], Qualified]):
    """One event for each response that qualified."""


class CampaignOutcome(BaseModel):
    """How many responses of one campaign ended where."""

    campaign_id: UUID
    by_status: dict[str, int]


class Resolved(BaseModel):
    """What one transaction resolved."""

    total: int
    campaigns: list[CampaignOutcome]
    run_id: UUID | None = Field(description="Null for responses scored in the request itself.")


class ResponsesResolved(Envelope[Literal["responses.resolved"], Resolved]):
    """One event for each transaction that resolved responses."""


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


class RunStarted(Envelope[Literal["run.started"], RunNews]):
    """One event for each run that a worker begins."""


class RunSucceeded(Envelope[Literal["run.succeeded"], RunNews]):
    """One event for each run that succeeded, also with warnings."""


class RunFailed(Envelope[Literal["run.failed"], RunNews]):
    """One event for each run that failed in the end."""


class RunCancelled(Envelope[Literal["run.cancelled"], RunNews]):
    """One event for each run that somebody cancelled."""


class Volume(BaseModel):
    """How many rows a run had, and how many its job's runs usually have."""

    run_id: UUID
    job_id: UUID
    rows: int
    usual_rows: float = Field(description="The median of the last 20 successes before it.")


class RunVolumeUnusual(Envelope[Literal["run.volume_unusual"], Volume]):
    """One event for each run with none, under a fifth or over five times of the usual rows."""


class Refused(BaseModel):
    """A run that was asked for, and why there is none."""

    job_id: UUID
    trigger: str
    reason: str = Field(description="`quota_executions`, `quota_invocations`, `quota_minutes`.")
    requested_by: str | None


class RunRefused(Envelope[Literal["run.refused"], Refused]):
    """One event for each call or force that the day has no room for."""


class NotRun(BaseModel):
    """A planned moment that passed without a run."""

    owner_kind: str
    owner_id: UUID
    planned_at: datetime
    reason: str = Field(description="As `GET /v1/fires` has it.")
    by: str | None = Field(description="Who paused or skipped it.")


class FireNotRun(Envelope[Literal["fire.not_run"], NotRun]):
    """One event for each planned moment that passed without a run."""


class Overdue(BaseModel):
    """A schedule whose success should have come by now, grace included."""

    owner_kind: str = Field(description="`job`, `group`, `batch` or `campaign`.")
    owner_id: UUID
    expected_at: datetime = Field(description="The planned moment that should have succeeded.")
    last_success_at: datetime | None


class JobOverdue(Envelope[Literal["job.overdue"], Overdue]):
    """One event when a schedule goes down, and no other until it has recovered."""


class Recovered(BaseModel):
    """A schedule whose success has come after all."""

    owner_kind: str = Field(description="`job`, `group`, `batch` or `campaign`.")
    owner_id: UUID
    run_id: UUID | None = Field(description="The run that succeeded.")
    recovered_from: str = Field(description="`overdue` or `failure`.")
    since: datetime = Field(description="Since when it was overdue, or failing.")


class JobRecovered(Envelope[Literal["job.recovered"], Recovered]):
    """One event for the first success after a `job.overdue` or a failure."""


class JobExpiry(BaseModel):
    """A job whose definition has an end, and when."""

    job_id: UUID
    expires_at: datetime


class JobExpiring(Envelope[Literal["job.expiring"], JobExpiry]):
    """Two events for each job that expires, 7 days and 1 day before; one, if both are overdue."""


class JobExpired(Envelope[Literal["job.expired"], JobExpiry]):
    """One event for each job that has expired."""


class GroupExpiry(BaseModel):
    """A group whose definition has an end, and when."""

    group_id: UUID
    expires_at: datetime


class GroupExpiring(Envelope[Literal["group.expiring"], GroupExpiry]):
    """Two events for each group that expires, 7 days and 1 day before; one, if both are overdue."""


class GroupExpired(Envelope[Literal["group.expired"], GroupExpiry]):
    """One event for each group that has expired; its jobs stay."""


class GroupStep(BaseModel):
    """What became of one job of a group."""

    job_id: UUID
    run_id: UUID | None = Field(description="Null where it was left `not_run`.")
    state: str = Field(description="As the run's, or `not_run`.")
    error_code: str | None


class GroupEnd(BaseModel):
    """A group's run that is over, and what became of each of its jobs, in their order."""

    group_id: UUID
    run_id: UUID
    state: str
    error_code: str | None
    steps: list[GroupStep]
    launched: list[UUID] = Field(description="Campaigns that it launched.")
    left_to_schedule: list[UUID] = Field(description="Campaigns that launch by their own schedule.")


class GroupFinished(Envelope[Literal["group.finished"], GroupEnd]):
    """One event for each run of a group, after its last job; its jobs send none of their own."""


class Launched(BaseModel):
    """A campaign that was launched, and by what."""

    campaign_id: UUID
    launched_at: datetime
    cause: str = Field(description="`api`, `schedule` or `group`.")
    run_id: UUID | None = Field(description="A group's run, or that of the schedule.")
    launched_by: str | None = Field(description="Who asked for it.")


class CampaignLaunched(Envelope[Literal["campaign.launched"], Launched]):
    """One event for each launch of a campaign."""


class Exited(BaseModel):
    """Somebody who is in a sequence no more."""

    participant_id: UUID
    sequence_id: UUID
    object_kind: str = Field(description="`campaign_member`, `contact`, `lead`, `opportunity`.")
    object_id: UUID
    reason: str
    run_id: UUID | None = Field(description="The batch's run; null for a call.")


class ParticipantExited(Envelope[Literal["participant.exited"], Exited]):
    """One event for each participant who leaves a sequence."""


class ActionDueData(BaseModel):
    """Something to be done by a connector's own means."""

    participant_action_id: UUID
    participant_id: UUID
    sequence_id: UUID
    person_id: UUID
    type: str = Field(description="`call` or `sms`.")
    due_at: datetime


class ActionDue(Envelope[Literal["action.due"], ActionDueData]):
    """One event for each call and text message that has become due."""


class UsedUp(BaseModel):
    """A calendar day of the account, in its time zone, that has no room for a run."""

    day: date
    reason: str = Field(description="What was missing first: `quota_executions`, `quota_minutes`.")
    limit: int = Field(description="Executions or minutes a day that the plan has.")
    job_id: UUID = Field(description="Whose run, or next attempt, was refused.")
    resets_at: datetime


class QuotaExhausted(Envelope[Literal["quota.exhausted"], UsedUp]):
    """One event for each day, at its first refusal: of a call, a planned moment or a retry."""


class Disabled(BaseModel):
    """An endpoint that nothing is sent to any more."""

    webhook_endpoint_id: UUID
    reason: str = Field(description="`gone`: it answered 410. `failing`: 5 days of only failures.")
    failing_since: datetime | None


class WebhookEndpointDisabled(Envelope[Literal["webhook_endpoint.disabled"], Disabled]):
    """One event for each endpoint that was disabled by itself; others are told."""


class Tested(BaseModel):
    """A test that somebody asked for."""

    webhook_endpoint_id: UUID
    requested_by: str


class WebhookEndpointTested(Envelope[Literal["webhook_endpoint.tested"], Tested]):
    """One event for each test; it goes to the tested endpoint alone, whatever its filter."""
