"""The wire shape of an export; what a run keeps of it is the same."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field

from app.core.values import Flag, Moment, Name, Wire
from app.criteria.schemas import CriteriaJson
from app.exports.columns import ExportObject
from app.models.states import RunKind, RunState

MOST_COLUMNS = 200


class ExportFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    NDJSON = "ndjson"


class ExportCreate(Wire):
    """What to export, which rows of it, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "responses",
                    "campaign": "spring-2026",
                    "criteria": {"field": "person.country", "op": "in", "value": ["DE", "AT"]},
                    "columns": ["id", "status", "person.email", "attributes.page"],
                    "format": "csv",
                    "gzip": True,
                }
            ]
        },
    )

    object: ExportObject
    criteria: CriteriaJson | None = Field(
        None, description="Which people, or which responses by person, campaign and response."
    )
    campaign: Name | None = Field(None, description="Of responses: only those to it. Id or code.")
    kind: RunKind | None = Field(None, description="Of runs: only what ran so.")
    state: RunState | None = Field(None, description="Of runs: only those that stand so.")
    from_: Moment | None = Field(
        None, alias="from", description="Of runs: only those queued then or later."
    )
    to: Moment | None = Field(None, description="Of runs: only those queued before.")
    columns: Annotated[list[Name], Field(min_length=1, max_length=MOST_COLUMNS)] | None = Field(
        None,
        description="In this order. `attributes.<name>` is one entry of the attributes; responses "
        "have `person.…` and `campaign.…` too. Left out: all of the object's own.",
    )
    format: ExportFormat = ExportFormat.CSV
    gzip: Flag = Field(False, description="Packed, with `.gz` behind the name.")
    raw: Flag = Field(
        False,
        description="CSV for programs: cells that a spreadsheet would take for a formula get no "
        "apostrophe before them.",
    )

    @classmethod
    def of_run(cls, details: Mapping[str, Any]) -> Self:
        """The order that a run keeps in its details, among what else is said of the run there."""
        names = {field.alias or name for name, field in cls.model_fields.items()}
        return cls.model_validate({name: said for name, said in details.items() if name in names})
