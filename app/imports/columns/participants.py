"""A row of a file of participants, and what may be wrong with it."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from app.core.faults import faults_of
from app.responses.intake.items import Invalid
from app.sequences.participants.schemas import ParticipantWrite
from app.sequences.schemas import SequenceRef


class ParticipantRow(ParticipantWrite):
    """Who is to take part, and in what."""

    sequence: SequenceRef | None = Field(None, description="Unless the file has one for all.")


@dataclass(frozen=True, slots=True)
class ParticipantItem:
    """One row that makes sense by itself."""

    index: int
    given: ParticipantRow


def parse_participant(raw: Any, index: int) -> ParticipantItem | Invalid:
    """One row, as if it had been sent to `POST /v1/sequences/{sequence_id}/participants`."""
    try:
        return ParticipantItem(index, ParticipantRow.model_validate(raw))
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        return Invalid(index, None, tuple(faults))
