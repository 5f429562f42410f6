"""The wire shapes of criteria and of the fields they may name."""

from typing import Annotated, Any

from pydantic import BaseModel, WithJsonSchema

# Left to `parse`, whose faults point at the place; here only so that OpenAPI can describe it.
CriteriaJson = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "title": "Criteria",
            "description": (
                'A test, or tests joined by `{"all": […]}`, `{"any": […]}` and `{"not": {…}}`. '
                "`GET /v1/criteria/fields` lists the fields and their operators."
            ),
            "examples": [
                {"field": "person.title", "op": "contains", "value": "VP"},
                {
                    "all": [
                        {"field": "person.country", "op": "in", "value": ["DE", "AT", "CH"]},
                        {"field": "person.attributes.employees", "op": "gte", "value": 500},
                        {"not": {"field": "person.opted_out", "op": "equals", "value": True}},
                    ]
                },
            ],
        }
    ),
]


class FieldRead(BaseModel):
    """One field that criteria may name, and what may be asked of it."""

    name: str
    type: str
    description: str
    operators: list[str]
