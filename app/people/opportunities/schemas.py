"""The wire shapes of opportunities."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.faults import Wrong
from app.core.values import ExternalId, Name, Wire
from app.models import Opportunity, OpportunityContact
from app.models.states import OpportunityState

MOST_CONTACTS = 1_000


def _amount(value: Any) -> Any:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        raise Wrong("decimal_type", "must be a number, or a number as text")
    return value


def _with_two_places(value: Decimal) -> Decimal:
    return abs(value).quantize(Decimal("0.01"))


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    Field(ge=0, max_digits=18, decimal_places=2),
    AfterValidator(_with_two_places),
]


class OpportunityCreate(Wire):
    """A new deal."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"external_id": "006-1", "name": "New turbines", "amount": "120000.00"}]
        }
    )

    external_id: ExternalId | None = None
    name: Name
    state: OpportunityState = OpportunityState.OPEN
    amount: Amount | None = None


class OpportunityPatch(Wire):
    """What to change; absent fields stay, null erases the external id or the amount."""

    external_id: ExternalId | None = None
    name: Name | None = None
    state: OpportunityState | None = None
    amount: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _some_are_never_null(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for field in ("name", "state"):
                if field in given and given[field] is None:
                    raise Wrong("never_null", "cannot be null", f"/{field}")
        return given


class Contact(Wire):
    """A person's role in a deal."""

    person_id: UUID
    role: Name | None = None


class ContactsPut(Wire):
    """All contacts of a deal, in place of those before."""

    contacts: Annotated[list[Contact], Field(max_length=MOST_CONTACTS)]


class ContactRead(BaseModel):
    person_id: UUID
    role: str | None


class OpportunityRead(BaseModel):
    """A deal and its contacts."""

    id: UUID
    external_id: str | None
    name: str
    state: OpportunityState
    amount: Decimal | None = Field(description="With two places, as text.")
    contacts: list[ContactRead]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, opportunity: Opportunity, contacts: Iterable[OpportunityContact]) -> Self:
        shown = [ContactRead(person_id=one.person_id, role=one.role) for one in contacts]
        return cls(**opportunity.model_dump(), contacts=shown)
