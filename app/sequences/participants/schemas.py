"""The wire shapes of participants."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.faults import Wrong
from app.core.values import Email, ExternalId, Wire
from app.criteria.schemas import CriteriaJson
from app.models.states import (
    ActionStatus,
    ActionType,
    DeferralReason,
    ExitReason,
    ParticipationState,
    SequenceObject,
)
from app.sequences.participants.rules import EnrolResult

MOST = 1_000


class ParticipantWrite(Wire):
    """Who is to take part: a person; of a campaign, a response; of an opportunity, both."""

    person: UUID | None = Field(None, description="By id.")
    external_id: ExternalId | None = Field(None, description="Or by external id.")
    email: Email | None = Field(None, description="Or by e-mail address.")
    response: UUID | None = Field(None, description="Of a sequence of campaign members.")
    opportunity: UUID | None = Field(None, description="Beside the person who is its contact.")


class ParticipantsWrite(Wire):
    """Who is to come in: some by name, or everybody who meets criteria."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"participants": [{"email": "ada@example.com"}]},
                {"criteria": {"field": "person.country", "op": "equals", "value": "DE"}},
            ]
        }
    )

    participants: Annotated[list[ParticipantWrite], Field(min_length=1, max_length=MOST)] | None = (
        None
    )
    criteria: CriteriaJson | None = Field(
        None, description="Of those who meet the entrance criteria, only these."
    )

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.participants is None) is (self.criteria is None):
            raise Wrong("one_of", "needs either participants or criteria")
        return self


class Enrolled(BaseModel):
    """What became of one of the participants sent."""

    index: int
    result: EnrolResult
    reason: str | None = Field(
        description="`sequence_full`, `opted_out`, `not_again`, `entrance_criteria`,"
        " `wrong_object`; of a rejected one `not_found` or `without_identity`."
    )
    id: UUID | None = Field(description="Of the participant: the new one, or the one there was.")


class EnrolSummary(BaseModel):
    """How many came in, and how many did not."""

    total: int
    created: int
    duplicate: int
    skipped: int
    rejected: int

    @classmethod
    def of(cls, results: Sequence[EnrolResult]) -> Self:
        counts = Counter(results)
        return cls(total=len(results), **{word.value: counts[word] for word in EnrolResult})


class EnrolAnswer(BaseModel):
    """What became of those who were to come in; of those found by criteria, the sums alone."""

    results: list[Enrolled]
    summary: EnrolSummary


class ParticipantRead(BaseModel):
    """Somebody in a sequence."""

    id: UUID
    sequence_id: UUID
    object: SequenceObject
    object_id: UUID = Field(description="Of the response, the person or the opportunity.")
    person_id: UUID
    state: ParticipationState
    exit_reason: ExitReason | None
    enrolled_at: datetime
    enrolled_by: str | None = Field(description="Null: by the batch.")
    ended_at: datetime | None


class StepRead(BaseModel):
    """One step of a participant's way."""

    id: UUID
    action_id: UUID = Field(description="Of the sequence.")
    position: int
    type: ActionType
    automatic: bool
    status: ActionStatus
    due_at: datetime = Field(description="Of what is still to come: as far as is known.")
    is_initiated: bool
    actual_execution_at: datetime | None
    show_on_today: bool
    deferral_reason: DeferralReason | None


class ParticipantDetail(ParticipantRead):
    """Somebody in a sequence, and every step of the way."""

    actions: list[StepRead]
