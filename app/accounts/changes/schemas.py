"""The wire shape of the history of definitions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.states import OwnerKind


class ChangeRead(BaseModel):
    """Somebody has changed a definition."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    owner_kind: OwnerKind
    owner_id: UUID
    deed: str = Field(
        description="`created changed deleted published unpublished activated deactivated`;"
        " `launched variables_replaced code_uploaded version_activated skip_ordered skip_undone`."
    )
    fields: list[str] = Field(description="Of `changed`: the names of what was given.")
    by: str
    at: datetime
