"""The wire shapes of batches."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from app.core.faults import Wrong
from app.core.values import Duration, Flag, Length, Wire
from app.models.states import BatchName, RunState, SequenceObject
from app.schedules.schemas import LONGEST_GRID, SHORTEST_GRID


def _fits_the_grid(value: timedelta) -> timedelta:
    if not SHORTEST_GRID <= value <= LONGEST_GRID or value.microseconds:
        raise Wrong("out_of_range", "must be from PT5M to PT24H, in whole seconds")
    return value


class BatchPatch(Wire):
    """What may be changed of a batch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"interval": "PT15M"}]})

    interval: Annotated[Duration, AfterValidator(_fits_the_grid)] | None = Field(
        None, description="From local midnight on, every so long: PT5M to PT24H."
    )
    is_paused: Flag | None = Field(None, description="Its planned moments pass without a run.")

    @field_validator("interval", "is_paused", mode="before")
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise Wrong("null", "must not be null")
        return value


class BatchRead(BaseModel):
    """One of the four batches."""

    name: BatchName
    object: SequenceObject = Field(description="Of the sequences that it works on.")
    interval: Length
    timezone: str = Field(description="Whose midnights the interval is counted from.")
    active_sequences: int = Field(description="Without any, it plans no fires.")
    is_paused: bool
    paused_by: str | None
    skips_left: int
    next_fire_at: datetime | None
    running: UUID | None = Field(description="The run that is at work.")
    last_run: UUID | None
    last_state: RunState | None
    last_finished_at: datetime | None
    warnings: list[str] = Field(
        description="`no_alert_target`: nobody is told when it fails; see the account's policy."
    )
