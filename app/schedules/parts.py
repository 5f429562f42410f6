"""What schedules are written with: times of day, slots, days, hours that are allowed, blackouts."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app.core.faults import Wrong
from app.core.values import Duration, Moment, Text, Wire

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"


class Overlap(StrEnum):
    """What becomes of a fire whose predecessor is still running."""

    SKIP = "skip"
    BUFFER_ONE = "buffer_one"
    BUFFER_ALL = "buffer_all"
    CANCEL_OTHER = "cancel_other"


class Weekday(StrEnum):
    """In the order of `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Slot(StrEnum):
    """A quarter of an hour in which a minute is drawn."""

    FIRST = "0-14"
    SECOND = "15-29"
    THIRD = "30-44"
    FOURTH = "45-59"

    @classmethod
    def of(cls, minute: int) -> Self:
        """The slot that a minute of the hour lies in."""
        return list(cls)[minute // 15]

    @property
    def minutes(self) -> range:
        start = list(type(self)).index(self) * 15
        return range(start, start + 15)


def _once_each(values: list[Any]) -> list[Any]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise Wrong("named_twice", "is named twice", f"/{position}")
    return values


def _in_reach(value: datetime) -> datetime:
    if not _FIRST <= value < _LAST:
        raise Wrong("out_of_reach", "is not between the years 1970 and 2199")
    return value


def _day_in_reach(value: date) -> date:
    if not _FIRST.date() <= value < _LAST.date():
        raise Wrong("out_of_reach", "is not between the years 1970 and 2199")
    return value


def _written_day(value: Any) -> Any:
    # Without this look, a number would be read as seconds since 1970.
    if not isinstance(value, str | date) or isinstance(value, datetime):
        raise Wrong("bad_date", "is not a date as in RFC 3339")
    if isinstance(value, str) and not (len(value) == 10 and value.isascii()):
        raise Wrong("bad_date", "is not a date as in RFC 3339")
    return value


def _day_of_month(value: Any) -> Any:
    is_day = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 31
    if not is_day and value != "last":
        raise Wrong("bad_day", "is neither a day from 1 to 31 nor `last`")
    return value


def between(low: timedelta, high: timedelta, words: str) -> AfterValidator:
    """Refuse durations outside these bounds, and those with parts of a second."""

    def check(value: timedelta) -> timedelta:
        if not low <= value <= high or value.microseconds:
            raise Wrong("out_of_range", f"must be from {words}, in whole seconds")
        return value

    return AfterValidator(check)


At = Annotated[Text, Field(pattern=f"^{_TIME}$")]
AtOrEnd = Annotated[Text, Field(pattern=f"^({_TIME}|24:00)$")]
Times = Annotated[list[At], Field(min_length=1, max_length=100), AfterValidator(_once_each)]
Weekdays = Annotated[list[Weekday], Field(min_length=1), AfterValidator(_once_each)]
DayOfMonth = Annotated[
    int | Literal["last"],
    Field(json_schema_extra={"minimum": 1, "maximum": 31}),
    BeforeValidator(_day_of_month),
]
DaysOfMonth = Annotated[
    list[DayOfMonth], Field(min_length=1, max_length=32), AfterValidator(_once_each)
]
Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_day_in_reach)]
MomentInReach = Annotated[Moment, AfterValidator(_in_reach)]
Grace = Annotated[Duration, between(timedelta(), timedelta(days=7), "PT0S to P7D")]
Every = Annotated[Duration, between(timedelta(minutes=1), timedelta(days=400), "PT1M to P400D")]


class Dst(Wire):
    """What becomes of local times that a change of the clocks leaves out or repeats."""

    missing: Literal["after", "skip"] = Field(
        "after", description="It does not exist: runs once right after the gap, or not at all."
    )
    doubled: Literal["first", "both"] = Field(
        "first", description="It exists twice: runs at the first, or at both."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_a_word(cls, value: Any) -> Any:
        """`skip` and `both` alone, as people write them."""
        words = {"skip": {"missing": "skip"}, "both": {"doubled": "both"}}
        return words.get(value, value) if isinstance(value, str) else value


class Hours(Wire):
    """Local hours in which fires may run: from `starts`, up to but not including `ends`."""

    starts: At
    ends: AtOrEnd = Field(description="`24:00` is midnight; earlier than `starts`: next morning.")
    weekdays: Weekdays | None = Field(None, description="On which it starts; left out, on all.")

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.starts == self.ends:
            raise Wrong("empty", "is the same as `starts`", "/ends")
        return self


class Blackout(Wire):
    """A time in which nothing runs: whole local days, or from one moment up to another."""

    starts_on: Day | None = Field(None, description="The first of the days.")
    ends_on: Day | None = Field(None, description="The last of them; left out, the first.")
    starts_at: MomentInReach | None = None
    ends_at: MomentInReach | None = Field(None, description="Not part of it.")

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if self.starts_on is not None:
            if self.starts_at is not None or self.ends_at is not None:
                place = "/starts_at" if self.starts_at is not None else "/ends_at"
                raise Wrong("one_of", "means nothing beside `starts_on`", place)
            if self.ends_on is not None and self.ends_on < self.starts_on:
                raise Wrong("ends_first", "is before `starts_on`", "/ends_on")
        elif self.ends_on is not None:
            raise Wrong("missing", "is missing", "/starts_on")
        elif self.starts_at is None or self.ends_at is None:
            raise Wrong("one_of", "needs days, or the moments of start and end")
        elif self.ends_at <= self.starts_at:
            raise Wrong("ends_first", "is not after `starts_at`", "/ends_at")
        return self
