"""The wire shapes of campaigns."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from app.campaigns.lists import Owners, refuse_repeats
from app.core.faults import Wrong
from app.core.values import Attributes, Code, Count, Flag, Name, Score, Text, Wire
from app.models.states import ResponseStatus
from app.schedules.schemas import Schedule

RepeatLimit = Annotated[
    Count, Field(le=10_000, description="Records of one person in one campaign.")
]
_AUTO_LAUNCH = "A schedule whose planned moments launch the campaign, whatever its groups do."


class MemberStatus(Wire):
    """One of the words that say how far a person has come in a campaign."""

    name: Name
    responded: Flag = Field(description="Whether it makes the record a response.")
    step: Annotated[Count, Field(le=1_000, description="A record moves to higher steps only.")]


def _names_once(statuses: list[MemberStatus]) -> list[MemberStatus]:
    refuse_repeats((status.name for status in statuses), field="name")
    return statuses


MemberStatuses = Annotated[
    list[MemberStatus],
    AfterValidator(_names_once),
    Field(max_length=100, description="At least one is a responded one."),
]

SENT = MemberStatus(name="Sent", responded=False, step=1)
RESPONDED = MemberStatus(name="Responded", responded=True, step=2)


class CampaignCreate(Wire):
    """A new campaign."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "spring-2026",
                    "name": "Spring 2026",
                    "score": 20,
                    "owners": ["alice", "bob"],
                }
            ]
        }
    )

    code: Code = Field(description="What responses name the campaign by; unique.")
    name: Name
    member_statuses: MemberStatuses = Field([SENT, RESPONDED])
    default_responded_status: Name | None = Field(
        None, description="A responded one; left out, the one with the lowest step."
    )
    score: Score = 0
    threshold: Score | None = Field(None, description="Overrides the account's.")
    repeat_limit: RepeatLimit | None = Field(None, description="Overrides the account's.")
    owners: Owners | None = Field(None, description="Overrides the account's.")
    auto_launch: Schedule | None = Field(None, description=_AUTO_LAUNCH)
    attributes: Attributes = Field({})


class CampaignPatch(Wire):
    """What may be changed; absent fields stay as they are, lists and objects are replaced."""

    code: Code | None = None
    name: Name | None = None
    member_statuses: MemberStatuses | None = None
    default_responded_status: Name | None = Field(
        None, description="Null: the responded one with the lowest step."
    )
    score: Score | None = None
    threshold: Score | None = None
    repeat_limit: RepeatLimit | None = None
    owners: Owners | None = None
    auto_launch: Schedule | None = Field(None, description=_AUTO_LAUNCH)
    attributes: Attributes | None = None

    @field_validator("code", "name", "member_statuses", "score", "attributes", mode="before")
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise Wrong("null", "must not be null")
        return value


class CampaignRead(BaseModel):
    """A campaign."""

    id: UUID
    code: str
    name: str
    member_statuses: list[MemberStatus]
    default_responded_status: str
    score: int
    threshold: int | None
    repeat_limit: int | None
    owners: list[str] | None
    auto_launch: dict[str, Any] | None
    attributes: dict[str, Any]
    launched_at: datetime | None = Field(description="The last time.")
    warnings: list[str] = Field(
        description="`no_alert_target`: nobody is told when its schedule does not launch it; see"
        " the account's policy."
    )
    created_at: datetime
    updated_at: datetime


class LaunchOrder(Wire):
    """A launch that somebody asks for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the list is clean"}]})

    again: Flag = Field(False, description="Also if it was launched before.")
    reason: Text | None = Field(None, description="Kept with the launch.")


class PendingRead(BaseModel):
    """How many responses wait, and for what."""

    scoring: int
    resolution: int
    in_windows: int = Field(description="Those of `scoring` that an open window holds.")


class StatsRead(BaseModel):
    """How the responses of a campaign stand at this moment."""

    statuses: dict[ResponseStatus, int] = Field(description="Every status, zeros included.")
    total: int
    pending: PendingRead
    failed: int = Field(description="Set aside alone, because no chunk could take them.")
    windows_open: int
