"""The wire shapes of planned moments: what became of them, what is to be skipped."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import Count, Flag, Text, Wire
from app.models.states import FireOutcome, FireReason, OwnerKind


class Fired(BaseModel):
    """A planned moment that has passed: it ran, or there is a reason."""

    id: UUID
    owner_kind: OwnerKind
    owner_id: UUID
    planned_at: datetime
    outcome: FireOutcome
    reason: FireReason | None = Field(description="Of one that did not run: the first that holds.")
    run_id: UUID | None = Field(description="Of one that ran.")
    by: str | None = Field(description="Who paused or skipped it.")
    details: dict[str, Any] = Field(
        description="`reason`: why it was paused or skipped. `other_run_id`: what was at work."
        " `ran_at`: the fire that it is too near to. `is_buffered`: it waited for the run before."
        " `instead_of`: the local time that did not exist."
    )
    recorded_at: datetime


class SkipOrder(Wire):
    """Planned moments to pass over."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"count": 2, "reason": "the warehouse is being moved"}]}
    )

    count: Annotated[Count, Field(ge=1, le=1_000)] = Field(
        1, description="How many, in place of what was left of an earlier order."
    )
    reason: Text = Field(min_length=1, description="Kept with each of them.")
    maintenance: Flag = Field(False, description="Their reason is `maintenance` then.")


class SkipsRead(BaseModel):
    """What is still to be skipped."""

    skips_left: int
    fires: list[datetime] = Field(
        description="The planned moments that will be; those of a blackout count like any other."
    )


class Forecast(BaseModel):
    """A planned moment that is still to come, and whether it will run."""

    owner_kind: OwnerKind
    owner_id: UUID
    planned_at: datetime
    reason: FireReason | None = Field(description="Why it will be refused; null: it will run.")


class ForecastRead(BaseModel):
    """What is planned, and which of it will be refused, as things stand now."""

    until: datetime = Field(description="Up to when; earlier than asked for where that is a lot.")
    items: list[Forecast] = Field(description="In the order of their moments.")
