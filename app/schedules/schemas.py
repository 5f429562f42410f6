"""The wire shapes of schedules: six types, told apart by `type`; what is stored is the same.

once        at starts_at
interval    at starts_at + n × every, or local midnight + n × every; elapsed time
daily       ┐
weekly      ├ at local times: `at`, or `hour` and `slot` with the drawn `minute`
monthly     ┘
cron        at the local minutes of an expression
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails

from app.core.faults import Wrong
from app.core.values import Count, TimeZone, Wire
from app.schedules.cron import Expression
from app.schedules.parts import (
    Blackout,
    DaysOfMonth,
    Dst,
    Every,
    Grace,
    Hours,
    MomentInReach,
    Overlap,
    Slot,
    Times,
    Weekdays,
)

SHORTEST_GRID, LONGEST_GRID = timedelta(minutes=5), timedelta(hours=24)


class _Schedule(Wire):
    """What all types have."""

    model_config = ConfigDict(frozen=True)

    timezone: TimeZone | None = Field(None, description="IANA name; left out, the account's.")
    starts_at: MomentInReach | None = Field(
        None, description="No fire is earlier; of an interval, its first fire."
    )
    ends_at: MomentInReach | None = Field(None, description="No fire is later.")
    grace: Grace = Field(
        timedelta(minutes=5), description="How long a success may be late before it is overdue."
    )
    overlap: Overlap = Field(
        Overlap.SKIP, description="What becomes of a fire while the run before is at work."
    )
    catch_up: Grace | None = Field(
        None,
        description="How late a missed fire may still run; left out, half the period, at least "
        "10 minutes, at most 12 hours.",
    )
    dst: Dst = Field(
        Dst(),
        description="Changes of the clocks; `skip` or `both` alone stand for the one that is not "
        "the default. Intervals and cron expressions of every hour go through them evenly.",
    )
    allowed_hours: Annotated[list[Hours], Field(max_length=50)] = Field(
        [], description="Fires at other hours do not run; none given, all are allowed."
    )
    blackouts: Annotated[list[Blackout], Field(max_length=400)] = Field(
        [], description="Fires in them do not run."
    )
    pause_after_failures: Annotated[Count, Field(ge=1, le=1_000)] | None = Field(
        None, description="Pauses after so many failed runs in a row."
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at < self.starts_at:
            raise Wrong("ends_first", "is before `starts_at`", "/ends_at")
        return self


class Once(_Schedule):
    """A single fire."""

    type: Literal["once"]
    starts_at: MomentInReach = Field(description="The moment.")


class Interval(_Schedule):
    """Fires that are equally far apart in elapsed time."""

    type: Literal["interval"]
    every: Every
    anchor: Literal["start", "midnight"] = Field(
        "start",
        description="Counted from `starts_at`; or afresh from each local midnight, at intervals "
        "of 5 minutes to 24 hours.",
    )

    @model_validator(mode="after")
    def _fits_its_anchor(self) -> Self:
        if self.anchor == "midnight" and not SHORTEST_GRID <= self.every <= LONGEST_GRID:
            raise Wrong("out_of_range", "must be from PT5M to PT24H with this anchor", "/every")
        return self


class _AtTimes(_Schedule):
    at: Times | None = Field(None, description="Local times; or `hour` and `slot` instead.")
    hour: Annotated[Count, Field(le=23)] | None = Field(None, description="Together with `slot`.")
    slot: Slot | None = Field(None, description="In which minutes one is drawn when it is saved.")
    minute: Annotated[Count, Field(le=59)] | None = Field(
        None,
        description="The minute drawn; shown, and sent back unchanged or not at all.",
        json_schema_extra={"readOnly": True},
    )

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        if self.at is not None:
            for name in ("hour", "slot", "minute"):
                if getattr(self, name) is not None:
                    raise Wrong("one_of", "means nothing beside `at`", f"/{name}")
        elif self.hour is None and self.slot is None:
            raise Wrong("one_of", "needs `at`, or `hour` and `slot`", "/at")
        elif self.hour is None or self.slot is None:
            raise Wrong("missing", "is missing", "/hour" if self.hour is None else "/slot")
        elif self.minute is not None and self.minute not in self.slot.minutes:
            raise Wrong("not_in_slot", "is not in the slot", "/minute")
        return self


class Daily(_AtTimes):
    """At the same times each day."""

    type: Literal["daily"]


class Weekly(_AtTimes):
    """At the same times on some days of the week."""

    type: Literal["weekly"]
    weekdays: Weekdays


class Monthly(_AtTimes):
    """At the same times on some days of the month."""

    type: Literal["monthly"]
    days: DaysOfMonth = Field(
        description="1 to 31 and `last`; a day that a month has not got is its last one."
    )


class CronSchedule(_Schedule):
    """At the local minutes of a cron expression."""

    type: Literal["cron"]
    cron: Expression


def _in_pointers_of_json(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Pydantic names the type in the places of faults; in the document there is no such step."""
    try:
        return handler(value)
    except ValidationError as error:
        details = [_placed(dict(fault)) for fault in error.errors(include_url=False)]
        raise ValidationError.from_exception_data(error.title, details, hide_input=True) from None


def _placed(fault: dict[str, Any]) -> InitErrorDetails:
    kind, location, context = fault["type"], fault["loc"], fault.get("ctx", {})
    if kind == "union_tag_not_found":
        kind, location, context = "missing", ("type",), {}
    elif kind == "union_tag_invalid":
        location = ("type",)
    else:
        location = location[1:]
    return InitErrorDetails(type=kind, loc=location, input=fault["input"], ctx=context)


Schedule: TypeAlias = Annotated[
    Once | Interval | Daily | Weekly | Monthly | CronSchedule,
    Field(discriminator="type"),
    WrapValidator(_in_pointers_of_json),
]
_STORED: TypeAdapter[Schedule] = TypeAdapter(Schedule, config=ConfigDict(hide_input_in_errors=True))


def stored(document: object) -> Schedule:
    """The schedule that was kept as `model_dump(mode="json")`."""
    return _STORED.validate_python(document)


@lru_cache(maxsize=4_096)
def stored_as(text: str) -> Schedule:
    """The same from its JSON. Many are alike, and each comes again: it is read once, then found."""
    return _STORED.validate_json(text)


class FireRead(BaseModel):
    """A fire still to come."""

    planned_at: datetime
    local_at: datetime = Field(description="The same moment, with the offset of its place.")
    reason: str | None = Field(description="Why it will not run, where that is known already.")
    instead_of: datetime | None = Field(
        description="The local time, without an offset, that does not exist on that day."
    )
