"""The wire shapes of integrations."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Path
from pydantic import BaseModel, Field, WithJsonSchema, model_validator

from app.core.faults import Wrong
from app.core.values import Name, Plain, Text, TimeZone, Wire

IntegrationName = Annotated[
    str, Path(max_length=64, pattern="^[a-z0-9][a-z0-9_-]*$", description="E.g. `marketo`.")
]
_Constant = Annotated[Any, WithJsonSchema({"description": "Of the target's type."})]


class Source(Wire):
    """Where a field of the item comes from: a field of the body, or a constant."""

    field: Annotated[Text, Field(min_length=1, max_length=500)] = Field(
        "", description="A form field, or a dotted path such as `lead.Email` or `items.0.id`."
    )
    value: _Constant = None
    default: _Constant = Field(None, description="Taken where the field is missing or blank.")
    format: Annotated[Name, Field(max_length=100)] = Field(
        "iso8601", description="Of a time: `iso8601`, or as strptime has it."
    )
    timezone: TimeZone = Field("UTC", description="Of a time that names no zone itself.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if len(self.model_fields_set & {"field", "value"}) != 1:
            raise Wrong("one_of", "needs either `field` or `value`")
        extras = self.model_fields_set & {"default", "format", "timezone"}
        if extras and "value" in self.model_fields_set:
            raise Wrong("not_here", "means nothing beside `value`", f"/{min(extras)}")
        return self


class IntegrationPut(Wire):
    """How what the integration sends becomes the fields of a response."""

    mapping: dict[Plain, Source] = Field(
        max_length=200,
        description="Field of the item, e.g. `person.email` or `attributes.<name>` → its source.",
        examples=[
            {
                "campaign": {"value": "SPRING-2026"},
                "external_id": {"field": "activity_id"},
                "person.email": {"field": "lead.Email"},
                "person.score": {"field": "lead.Score", "default": 0},
                "responded_at": {
                    "field": "at",
                    "format": "%Y-%m-%d %H:%M:%S",
                    "timezone": "America/Chicago",
                },
            }
        ],
    )


class IntegrationRead(BaseModel):
    """An integration and its mapping, as it was saved."""

    name: str
    mapping: dict[str, dict[str, Any]]
    updated_at: datetime
