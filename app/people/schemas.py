"""The wire shapes of people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from app.core.faults import Wrong
from app.core.values import Attributes, Email, ExternalId, Flag, Name, Score, Text, Wire
from app.models.states import PersonKind
from app.people.rules import Warned

_NEVER_NULL = ("score", "opted_out", "email_opted_out", "sms_opted_out", "do_pending_scoring")


class PersonFields(Wire):
    """What can be written of a person."""

    external_id: ExternalId | None = None
    email: Email | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    title: Text | None = None
    company: Text | None = None
    phone: Text | None = None
    country: Text | None = None
    industry: Text | None = None
    lead_source: Text | None = None
    score: Score | None = None
    owner: Name | None = None
    opted_out: Flag | None = None
    email_opted_out: Flag | None = None
    sms_opted_out: Flag | None = None
    attributes: Attributes | None = Field(None, description="Merged with those kept, by name.")
    do_pending_scoring: Flag | None = Field(
        None, description="Let the person's waiting responses be scored now; reads back false."
    )


class PersonUpsert(PersonFields):
    """A person to make or to merge; absent and null fields erase nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@example.com",
                    "title": "VP Engineering",
                    "score": 40,
                    "attributes": {"team": 12},
                }
            ]
        }
    )

    id: UUID | None = None
    kind: PersonKind | None = Field(None, description="A new person is a lead unless told.")


class PersonPatch(PersonFields):
    """What to change; absent fields stay, null erases. Of attributes, null erases one by name."""

    @model_validator(mode="before")
    @classmethod
    def _some_are_never_null(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for field in _NEVER_NULL:
                if field in given and given[field] is None:
                    raise Wrong("never_null", "cannot be null", f"/{field}")
        return given


class PersonRead(BaseModel):
    """A person."""

    id: UUID
    kind: PersonKind
    email: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    title: str | None
    company: str | None
    phone: str | None
    country: str | None
    industry: str | None
    lead_source: str | None
    score: int
    owner: str | None
    opted_out: bool
    email_opted_out: bool
    sms_opted_out: bool
    attributes: dict[str, Any]
    converted_at: datetime | None
    nurture_until: datetime | None
    response_status: str | None
    active_response_id: UUID | None
    last_response_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @computed_field(description="Always false: it is a request, not a state.")
    def do_pending_scoring(self) -> bool:
        return False


class PersonMerged(PersonRead):
    """A person after an upsert, and what of it could not be written."""

    warnings: list[Warned]
