"""The wire shapes of actions: on Today, and one by one with why it stands where it stands."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import Text, Wire
from app.models.states import ActionStatus, ActionType, DeferralReason
from app.schedules.parts import MomentInReach


class DoneOrder(Wire):
    """An action that was done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "left a message"}]})

    note: Text | None = Field(None, description="Kept with the action.")


class PassOrder(Wire):
    """An action that is not to be done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "met at the fair"}]})

    reason: Text | None = Field(None, description="Kept with the action.")


class LaterOrder(Wire):
    """An action that is to be done at another time."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"due_at": "2026-03-09T09:00:00Z"}]})

    due_at: MomentInReach


class ActionItem(BaseModel):
    """Something to be done with somebody."""

    id: UUID
    participant_id: UUID
    sequence_id: UUID
    action_id: UUID = Field(description="Of the sequence.")
    person_id: UUID
    position: int
    type: ActionType
    automatic: bool
    priority: int
    status: ActionStatus
    due_at: datetime
    is_initiated: bool
    actual_execution_at: datetime | None
    show_on_today: bool
    owner: str | None = Field(description="Whose Today it is on.")
    deferral_reason: DeferralReason | None = Field(description="Why it did not happen, or waits.")


class TestRead(BaseModel):
    """One test of an action's criteria, and how it comes out now."""

    pointer: str = Field(description="Where it stands in the criteria.")
    field: str
    op: str
    holds: bool
    is_empty: bool = Field(description="The field has no value.")


class Explanation(BaseModel):
    """Why an action has not happened."""

    detail: str
    criteria_hold: bool | None = Field(description="Null where it has none.")
    tests: list[TestRead]
    next_look_at: datetime | None = Field(
        description="When the batch comes by and looks at it, as far as is known: once it is due,"
        " past what is to be skipped. Null if it does not, or others come first."
    )


class ActionDetail(ActionItem):
    """Something to be done, and why it stands where it stands."""

    note: str | None
    done_by: str | None
    run_id: UUID | None = Field(description="Of the batch that handled it last.")
    explanation: Explanation
