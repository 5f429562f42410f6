"""A row of a file of people, and what may be wrong with it."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.core.faults import faults_of
from app.people.schemas import PersonUpsert
from app.responses.intake.items import Invalid


@dataclass(frozen=True, slots=True)
class PersonItem:
    """One row that makes sense by itself."""

    index: int
    given: PersonUpsert


def parse_person(raw: Any, index: int) -> PersonItem | Invalid:
    """One row, as if it had been sent to `POST /v1/people`."""
    try:
        return PersonItem(index, PersonUpsert.model_validate(raw))
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        shown = raw.get("external_id") if isinstance(raw, dict) else None
        is_shown = isinstance(shown, str) and not any(
            fault.pointer == "/external_id" for fault in faults
        )
        return Invalid(index, shown if is_shown else None, tuple(faults))
