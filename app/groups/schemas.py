"""The wire shapes of groups."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.campaigns.lists import refuse_repeats
from app.core.faults import Wrong
from app.core.values import Email, Flag, Moment, Name, Text, Wire
from app.groups.rules import MOST_JOBS
from app.jobs.ending import refuse_both
from app.models.states import GroupState, OnFailure
from app.runs.schemas import HeldUp
from app.schedules.rules import Standing
from app.schedules.schemas import Schedule

_MOST_CAMPAIGNS, _MOST_RECIPIENTS = 100, 50


class NotifyOn(StrEnum):
    """After which runs of a group a message is sent."""

    SUCCESS = "success"
    FAILURE = "failure"


class Warned(StrEnum):
    """What somebody should see to, although nothing is refused for it."""

    NO_ALERT_TARGET = "no_alert_target"
    JOB_EXPIRED = "job_expired"


class Member(Wire):
    """A job of a group."""

    job: UUID = Field(description="A job's id: published, `ad_hoc`, without a schedule.")
    on_failure: OnFailure = Field(
        OnFailure.HALT, description="`halt`: the jobs behind it are not run, but for `always`."
    )
    always: Flag = Field(False, description="Run even after a halt, e.g. to clear up.")


class _OrItsId:
    """In the document: the object, or the job's id alone."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "format": "uuid"}]}


def _whole(value: Any) -> Any:
    return {"job": value} if isinstance(value, str) else value


def _jobs_once(members: list[Member]) -> list[Member]:
    refuse_repeats((str(member.job) for member in members), field="job")
    return members


def _once(values: list[Any]) -> list[Any]:
    refuse_repeats(map(str, values))
    return values


Members = Annotated[
    list[Annotated[Member, BeforeValidator(_whole), _OrItsId]],
    AfterValidator(_jobs_once),
    Field(max_length=MOST_JOBS, description="In the order in which they run; at least two."),
]
Campaigns = Annotated[
    list[UUID],
    AfterValidator(_once),
    Field(
        max_length=_MOST_CAMPAIGNS,
        description="Campaigns to launch once every job has succeeded, by id.",
    ),
]
Recipients = Annotated[list[Email], AfterValidator(_once), Field(max_length=_MOST_RECIPIENTS)]
Wanted = Annotated[list[NotifyOn], AfterValidator(_once)]


class GroupCreate(Wire):
    """A new group; it runs only once it is active."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Nightly load",
                    "jobs": [
                        {"job": "0197c2e4-0000-7000-8000-000000000001"},
                        {
                            "job": "0197c2e4-0000-7000-8000-000000000002",
                            "on_failure": "continue",
                        },
                    ],
                    "notify_on": ["failure"],
                    "recipients": ["ops@example.com"],
                    "never_expires": True,
                }
            ]
        }
    )

    name: Name = Field(description="Unique.")
    description: Text | None = None
    jobs: Members
    launch_campaigns: Campaigns = Field([])
    notify_on: Wanted = Field(
        [NotifyOn.SUCCESS, NotifyOn.FAILURE], description="After which runs a message is sent."
    )
    recipients: Recipients = Field(
        [],
        description="Who gets it, after the last job; none: those of the account's alert policy.",
    )
    schedule: Schedule | None = Field(
        None, description="When it is due; what it leaves open is filled in as it is saved."
    )
    expires_at: Moment | None = Field(None, description="When the definition is gone.")
    never_expires: Flag = Field(False, description="This, or a time, is needed.")

    @model_validator(mode="after")
    def _one_end(self) -> "GroupCreate":
        refuse_both(self.expires_at, never_expires=self.never_expires)
        return self


class GroupPatch(Wire):
    """What may be changed; absent fields stay as they are, lists are replaced.

    Runs that have begun go on as the group was then.
    """

    name: Name | None = None
    description: Text | None = None
    jobs: Members | None = None
    launch_campaigns: Campaigns | None = None
    notify_on: Wanted | None = None
    recipients: Recipients | None = None
    schedule: Schedule | None = Field(
        None, description="Null takes it away. A minute that was drawn stays while its slot does."
    )
    expires_at: Moment | None = Field(None, description="Takes never_expires back.")
    never_expires: Flag | None = Field(None, description="True takes expires_at back.")
    is_paused: Flag | None = Field(
        None, description="Pauses the schedule of an active group, or lets it go on."
    )

    @field_validator(
        *("name", "jobs", "launch_campaigns", "notify_on", "recipients", "never_expires"),
        "is_paused",
        mode="before",
    )
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise Wrong("null", "must not be null")
        return value

    @model_validator(mode="after")
    def _one_end(self) -> "GroupPatch":
        refuse_both(self.expires_at, never_expires=bool(self.never_expires))
        return self


class MemberRead(BaseModel):
    """A job of a group."""

    job: UUID
    name: str
    on_failure: OnFailure
    always: bool


class GroupRead(BaseModel):
    """A group."""

    id: UUID
    name: str
    description: str | None
    state: GroupState
    jobs: list[MemberRead]
    launch_campaigns: list[UUID]
    left_to_schedule: list[UUID] = Field(
        description="Those of them with an `auto_launch`: the group leaves them to it."
    )
    notify_on: list[NotifyOn]
    recipients: list[str]
    schedule: Schedule | None
    is_paused: bool = Field(description="Its planned moments pass without a run.")
    paused_by: str | None = Field(description="Null of a schedule paused by failures.")
    skips_left: int = Field(description="So many planned moments will pass without a run.")
    next_fire_at: datetime | None = Field(description="The next planned moment.")
    held_up: HeldUp | None = Field(
        description="Null, unless its moments cannot be fired; saving the group anew starts afresh."
    )
    standing: Standing | None = Field(
        description="Of its schedule: `up`, `late`, `down` past its grace; null where no success is"
        " expected."
    )
    late_at: datetime | None = Field(description="When the next success is due.")
    down_at: datetime | None = Field(description="When it is overdue.")
    last_success_at: datetime | None
    expires_at: datetime | None
    never_expires: bool
    warnings: list[Warned] = Field(
        description="`no_alert_target`: nobody is told of its runs. `job_expired`: one of its jobs"
        " has, and will fail."
    )
    created_at: datetime
    updated_at: datetime
    activated_at: datetime | None = Field(description="Since when it is active; else null.")
