"""The wire shapes of runs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.pages import DEFAULT_LIMIT, MOST
from app.core.values import Wire
from app.models.states import BatchName, OnFailure, RunKind, RunState, RunTrigger, StepState


class RunError(BaseModel):
    """Why a run failed."""

    code: str
    detail: str


class HeldUp(BaseModel):
    """What is due and cannot be done, by a fault of ours; each try is in our log.

    Nothing of it is lost: it is done, or has its reason, once it can be. Both times are real time.
    """

    since: datetime = Field(validation_alias="held_up_since")
    tries: int
    try_again_at: datetime = Field(description="The pause doubles, up to an hour.")


class RunProgress(BaseModel):
    """How fast a run with rows goes, and how long it will take at that rate."""

    phase: str = Field(description="`reading` the file, then `loading` its rows.")
    rows_per_second: float | None
    remaining_seconds: float | None


class RunFilters(Wire):
    """Which runs are listed; those that fit all of it."""

    kind: RunKind | None = Field(None, description="What ran.")
    state: RunState | None = Field(None, description="How it stands.")
    trigger: RunTrigger | None = Field(None, description="What started it.")
    campaign: UUID | None = Field(None, description="A campaign's id.")
    job: UUID | None = Field(None, description="A job's id.")
    group: UUID | None = Field(None, description="A group's id.")
    parent: UUID | None = Field(
        None, description="The run that it repeats a part of, resumes, or is a step of."
    )
    limit: Annotated[int, Field(ge=1, le=MOST, description="Items of one page.")] = DEFAULT_LIMIT
    cursor: str | None = Field(
        None, max_length=500, description="`next_cursor` of the page before."
    )


class RunStep(BaseModel):
    """One job of a group's run."""

    position: int = Field(description="Of the job in its group, from 0.")
    job_id: UUID
    job_name: str
    state: StepState = Field(description="`not_run`: left out, by a failure before it or a stop.")
    run_id: UUID | None = Field(description="Null where it was not run.")
    error_code: str | None = Field(
        description="Why it failed: its run's error, a quota, `job_expired`, `job_not_published`."
    )
    on_failure: OnFailure
    always: bool
    is_waiting_for: UUID | None = Field(
        description="A run of the job that goes before it, started elsewhere."
    )


class RunRead(BaseModel):
    """One execution: what it was, how far it is, what came of every row.

    With rows, total = succeeded + failed + skipped + unprocessed.
    """

    id: UUID
    kind: RunKind
    state: RunState
    trigger: RunTrigger
    campaign_id: UUID | None = Field(description="The campaign of a scoring run or a launch.")
    upload_id: UUID | None = Field(description="The upload of an import.")
    job_id: UUID | None = Field(description="The job that it is a run of.")
    group_id: UUID | None = Field(description="The group that it is a run of.")
    batch: BatchName | None = Field(description="The batch that it is a run of.")
    requested_by: str | None
    reason: str | None
    attempt: int = Field(description="Of a run of code: which it is at, from 0.")
    parent_run_id: UUID | None = Field(
        description="The run that it repeats a part of, resumes, or is a step of."
    )
    planned_at: datetime | None = Field(description="The planned moment of a scheduled run.")
    schedule_minute: int | None = Field(description="The minute drawn in its schedule's slot.")
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total: int | None
    processed: int | None
    succeeded: int | None
    failed: int | None
    skipped: int | None
    unprocessed: int | None
    created: int | None
    updated: int | None
    code_version: int | None = Field(description="The version of its job's code.")
    cancel_asked_at: datetime | None = Field(description="Since when it is asked to stop.")
    cancelled_by: str | None
    cancel_reason: str | None
    details: dict[str, Any] = Field(
        description="Scoring: chunks, rows and seconds of each stage, and rows by final status."
        " Of a job: `source`, what caused it. Code: each attempt that has ended, what main returned"
        " where that is no counts, warnings, hosts that it called. `usual_rows`, where its rows are"
        " far from that. Of a group: `launched` and `left_to_schedule`, campaigns by id."
    )
    steps: list[RunStep] | None = Field(
        description="Of a group's run: its jobs, in their order. Null in lists."
    )
    held_up: HeldUp | None = Field(
        description="Of a group's run: null, unless it cannot be moved on. Null in lists."
    )
    progress: RunProgress | None = Field(description="Of a run with rows, while it runs.")
    error: RunError | None
