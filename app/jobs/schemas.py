"""The wire shapes of jobs."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core.faults import Wrong
from app.core.values import Count, Duration, Flag, Length, Moment, Text, Wire
from app.jobs.ending import refuse_both
from app.models.states import JobKind, JobState
from app.notifications.alerts.schemas import Alert
from app.runs.schemas import HeldUp
from app.schedules.rules import Standing
from app.schedules.schemas import Schedule

_LONGEST = timedelta(hours=24)
_SHORTEST = timedelta(seconds=1)
_CONFIG = (
    "What to do. Of an import: `object`, `operation`, `campaign`, `mapping`, `format`, `on_error`,"
    " as for an upload, and a `source`. Of an export: what `POST /v1/exports` takes. Of code:"
    " nothing. Given whole; a source is never shown, and stays where a new config has none."
)


def _span(value: timedelta) -> timedelta:
    if not _SHORTEST <= value <= _LONGEST:
        raise Wrong("out_of_range", "must be from 1 second to 24 hours")
    return value


JobName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,99}$",
        description="3 to 100 letters, digits, `_`, `-`; a letter or digit first. Unique.",
    ),
]
Timeout = Annotated[Duration, AfterValidator(_span)]
Retries = Annotated[
    Count, Field(le=100, description="Attempts after the first, of a run that failed.")
]
Config = Annotated[dict[str, Any], Field(description=_CONFIG)]


class JobCreate(Wire):
    """A new job; it runs only once it is published."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "people-to-warehouse",
                    "kind": "export",
                    "config": {"object": "people", "format": "ndjson", "gzip": True},
                    "ad_hoc": True,
                    "timeout": "PT30M",
                    "never_expires": True,
                    "alert": {"emails": ["ops@example.com"], "on": ["failure", "recovery"]},
                }
            ]
        }
    )

    name: JobName
    description: Text | None = None
    kind: JobKind
    config: Config = Field({})
    ad_hoc: Flag = Field(False, description="May be run by a call; without, by schedule alone.")
    schedule: Schedule | None = Field(
        None, description="When it is due; what it leaves open is filled in as it is saved."
    )
    timeout: Timeout | None = Field(
        None, description="Left out: 60 minutes, or the plan's minutes a day if these are fewer."
    )
    retries: Retries = 0
    expires_at: Moment | None = Field(None, description="When the definition is gone.")
    never_expires: Flag = Field(False, description="To publish, this or a time is needed.")
    alert: Alert | None = None

    @model_validator(mode="after")
    def _one_end(self) -> "JobCreate":
        refuse_both(self.expires_at, never_expires=self.never_expires)
        return self


class JobPatch(Wire):
    """What may be changed; absent fields stay as they are, objects are replaced.

    A job that is published takes changes at once, for runs that have not begun; what would make it
    unpublishable is refused.
    """

    name: JobName | None = None
    description: Text | None = None
    config: Config | None = None
    ad_hoc: Flag | None = None
    schedule: Schedule | None = Field(
        None, description="Null takes it away. A minute that was drawn stays while its slot does."
    )
    timeout: Timeout | None = None
    retries: Retries | None = None
    expires_at: Moment | None = Field(None, description="Takes never_expires back.")
    never_expires: Flag | None = Field(None, description="True takes expires_at back.")
    alert: Alert | None = None
    is_paused: Flag | None = Field(
        None, description="Pauses the schedule of a published job, or lets it go on."
    )

    @field_validator(
        *("name", "config", "ad_hoc", "timeout", "retries", "never_expires", "is_paused"),
        mode="before",
    )
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise Wrong("null", "must not be null")
        return value

    @model_validator(mode="after")
    def _one_end(self) -> "JobPatch":
        refuse_both(self.expires_at, never_expires=bool(self.never_expires))
        return self


class JobRead(BaseModel):
    """A job."""

    id: UUID
    name: str
    description: str | None
    kind: JobKind
    state: JobState
    config: dict[str, Any]
    has_source: bool = Field(description="Of an import: from where it fetches is secret.")
    ad_hoc: bool
    schedule: Schedule | None
    is_paused: bool = Field(description="Its planned moments pass without a run.")
    paused_by: str | None = Field(description="Null of a schedule paused by failures.")
    skips_left: int = Field(description="So many planned moments will pass without a run.")
    next_fire_at: datetime | None = Field(description="The next planned moment.")
    standing: Standing | None = Field(
        description="`late` once a success was due, `down` once its grace is over: then it is told."
        " Null where none is expected: no schedule, paused, not published."
    )
    late_at: datetime | None = Field(description="When the next success is due.")
    down_at: datetime | None = Field(description="When it is overdue.")
    last_success_at: datetime | None
    held_up: HeldUp | None = Field(
        description="Null, unless its moments cannot be fired; saving the job anew starts afresh."
    )
    timeout: Length
    retries: int
    expires_at: datetime | None
    never_expires: bool
    alert: Alert | None
    warnings: list[str] = Field(
        description="`no_alert_target`: nobody is told of it, here or by the account's policy."
    )
    active_version: int | None = Field(description="Of its code: what a run that begins now uses.")
    variables: list[str] = Field(description="Their names.")
    secrets: list[str] = Field(description="Their names.")
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = Field(description="Since when it is published; else null.")


class VersionRead(BaseModel):
    """One upload of a job's code."""

    number: int
    is_active: bool
    sha256: str = Field(description="Of the zip, in hexadecimal digits.")
    size_bytes: int
    entry: str = Field(description="Where in the zip the module with main() lies.")
    layer_id: str | None = Field(description="Of its requirements; null if it has none.")
    note: str | None
    made_at: datetime
    made_by: str
