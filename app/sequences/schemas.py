"""The wire shapes of sequences and their actions."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core.faults import Wrong
from app.core.values import Count, Duration, Flag, Length, Name, Plain, Text, Wire
from app.criteria.schemas import CriteriaJson
from app.models.states import ActionType, Enrolment, OnUnmet, SequenceObject, SequenceState

MOST_ACTIONS = 100
_LONGEST_DELAY = timedelta(days=400)
_EXAMPLE: dict[str, Any] = {
    "name": "new-leads",
    "object": "lead",
    "enrolment": "automatic",
    "entrance": {"field": "person.score", "op": "gte", "value": 50},
    "exit": {"field": "person.response_status", "op": "is_not_empty"},
    "actions": [
        {
            "type": "email",
            "automatic": True,
            "template": {
                "subject": "Hello {{person.first_name|there}}",
                "body": "We saw that {{person.company|your company}} is growing.",
            },
        },
        {"type": "call", "delay": "P2D", "priority": 5},
    ],
}


def _in_reach(value: timedelta) -> timedelta:
    if value > _LONGEST_DELAY:
        raise Wrong("out_of_range", "must be at most 400 days")
    return value


Delay = Annotated[Duration, AfterValidator(_in_reach)]


class Template(Wire):
    """What an e-mail or a text message says; `{{person.first_name|there}}` is filled in."""

    subject: Text | None = Field(None, description="Of an e-mail.")
    body: Annotated[Plain, Field(max_length=100_000)]


class ActionWrite(Wire):
    """A step of a sequence."""

    id: UUID | None = Field(None, description="Of an action that stays, in a change; else absent.")
    type: ActionType
    automatic: Flag = Field(False, description="Performed by the batch; e-mails only.")
    delay: Delay = Field(
        timedelta(), description="After the action before, or after the enrolment."
    )
    criteria: CriteriaJson | None = Field(None, description="Without, it is always performed.")
    on_unmet: OnUnmet = Field(
        OnUnmet.WAIT, description="What happens while the criteria do not hold."
    )
    priority: Annotated[Count, Field(le=1_000)] = Field(
        0, description="On Today the highest come first."
    )
    template: Template | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> "ActionWrite":
        if self.automatic and self.type is not ActionType.EMAIL:
            raise Wrong("not_for_type", "is for e-mails only", "/automatic")
        if self.template is None:
            return self
        if self.type not in (ActionType.EMAIL, ActionType.SMS):
            raise Wrong("not_for_type", "is for e-mails and text messages only", "/template")
        if self.template.subject is not None and self.type is ActionType.SMS:
            raise Wrong("not_for_type", "is for e-mails only", "/template/subject")
        return self


SequenceRef = Annotated[
    Plain, Field(min_length=1, max_length=200, description="A sequence's id or name.")
]
Actions = Annotated[list[ActionWrite], Field(max_length=MOST_ACTIONS)]


class SequenceCreate(Wire):
    """A new sequence; nothing happens in it until it is active."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    description: Text | None = None
    object: SequenceObject = Field(
        description="Who takes part; of an opportunity, its contacts do. Cannot be changed."
    )
    entrance: CriteriaJson | None = Field(
        None, description="Who may come in; with automatic enrolment, who does."
    )
    exit: CriteriaJson | None = Field(None, description="Who leaves before the end.")
    enrolment: Enrolment = Enrolment.MANUAL
    may_reenter: Flag = Field(False, description="Whoever has been through may come in again.")
    actions: Actions = Field([], description="In their order.")

    @field_validator("actions")
    @classmethod
    def _new_ones(cls, actions: list[ActionWrite]) -> list[ActionWrite]:
        for position, action in enumerate(actions):
            if action.id is not None:
                raise Wrong("not_here", "is given by us", f"/{position}/id")
        return actions


class SequencePatch(Wire):
    """What may be changed; absent fields stay as they are, lists and objects are replaced.

    An active sequence takes changes at once. The actions are given whole: those that stay with
    their `id`. While somebody is in the sequence they may say something else, or wait longer, but
    none comes, goes, moves or becomes something else.
    """

    name: Name | None = None
    description: Text | None = None
    entrance: CriteriaJson | None = None
    exit: CriteriaJson | None = None
    enrolment: Enrolment | None = None
    may_reenter: Flag | None = None
    actions: Actions | None = None

    @field_validator("name", "enrolment", "may_reenter", "actions", mode="before")
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise Wrong("null", "must not be null")
        return value


class TemplateRead(BaseModel):
    """What a message says."""

    subject: str | None
    body: str


class ActionRead(BaseModel):
    """A step of a sequence."""

    id: UUID
    type: ActionType
    automatic: bool
    delay: Length
    criteria: CriteriaJson | None
    on_unmet: OnUnmet
    priority: int
    template: TemplateRead | None
    warnings: list[str] = Field(
        description="`bad_syntax`, `empty_body`: such an e-mail is never sent by itself; the action"
        " turns manual."
    )


class SequenceRead(BaseModel):
    """A sequence."""

    id: UUID
    name: str
    description: str | None
    object: SequenceObject
    state: SequenceState
    entrance: CriteriaJson | None
    exit: CriteriaJson | None
    enrolment: Enrolment
    may_reenter: bool
    actions: list[ActionRead]
    participants: int = Field(description="Who is in it now.")
    created_at: datetime
    updated_at: datetime
    activated_at: datetime | None = Field(description="Since when it is active; else null.")
