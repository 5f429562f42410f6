"""Reading one value of a test: what is wrong with it, or what it means."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.criteria.forms import has_bad_text, lacks_zone, read_timestamp
from app.criteria.operators import FieldType
from app.criteria.tree import Scalar

MAX_TEXT_LENGTH = 1_000
MAX_NUMBER = 10**15
MAX_DURATION = timedelta(days=36_525)

_DURATION = re.compile(
    r"P(?=[0-9T])((?P<weeks>[0-9]{1,9})W)?((?P<days>[0-9]{1,9})D)?"
    r"(T(?=[0-9])((?P<hours>[0-9]{1,9})H)?((?P<minutes>[0-9]{1,9})M)?"
    r"((?P<seconds>[0-9]{1,10}([.][0-9]{1,6})?)S)?)?"
)

_MICROSECONDS: Mapping[str, int] = {
    "weeks": 7 * 86_400_000_000,
    "days": 86_400_000_000,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
}


class WrongValue(Exception):
    """One value cannot be used; `code` and `detail` become the fault's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def read_text(value: object) -> str:
    """The text itself; an empty one is refused, since no test could ever meet it."""
    if not isinstance(value, str):
        raise WrongValue("wrong_type", "A text is needed here.")
    if not value:
        raise WrongValue("empty_value", "An empty text is the same as none; use `is_empty`.")
    if len(value) > MAX_TEXT_LENGTH:
        raise WrongValue("text_too_long", f"At most {MAX_TEXT_LENGTH} characters.")
    if has_bad_text(value):
        raise WrongValue("bad_text", "The text holds NUL or half of a surrogate pair.")
    return value


def read_number(value: object) -> int | Decimal:
    """An int if the number is whole, else the Decimal with the digits that were written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue("wrong_type", "A number is needed here.")
    # Written so that NaN, which is neither more nor less than anything, is refused too.
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise WrongValue("bad_range", "The number must lie between -1e15 and 1e15.")
    return int(value) if value == int(value) else Decimal(repr(value))


def read_boolean(value: object) -> bool:
    """True or false, and nothing that merely resembles them."""
    if not isinstance(value, bool):
        raise WrongValue("wrong_type", "`true` or `false` is needed here.")
    return value


def read_datetime(value: object) -> datetime:
    """The moment in UTC."""
    if not isinstance(value, str):
        raise WrongValue("wrong_type", "A date and time is needed here, as a text.")
    moment = read_timestamp(value)
    if moment is None:
        if lacks_zone(value):
            raise WrongValue("not_utc", "The time needs a zone: `Z` or an offset.")
        raise WrongValue("wrong_type", "Not an RFC 3339 date and time.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise WrongValue("bad_range", "The moment lies outside the calendar in UTC.") from None


def read_duration(value: object) -> timedelta:
    """A length of time of at most a hundred years, from weeks down to microseconds."""
    if not isinstance(value, str):
        raise WrongValue("wrong_type", "An ISO 8601 duration is needed here, as a text.")
    found = _DURATION.fullmatch(value)
    if found is None:
        raise WrongValue(
            "bad_duration", "Not an ISO 8601 duration of weeks, days, hours, minutes and seconds."
        )
    microseconds = sum(
        int(Decimal(number) * _MICROSECONDS[unit])
        for unit, number in found.groupdict(default="0").items()
    )
    if microseconds > MAX_DURATION // timedelta(microseconds=1):
        raise WrongValue("bad_duration", "The duration is longer than a hundred years.")
    return timedelta(microseconds=microseconds)


READERS: Mapping[FieldType, Callable[[object], Scalar]] = {
    FieldType.TEXT: read_text,
    FieldType.NUMBER: read_number,
    FieldType.BOOLEAN: read_boolean,
    FieldType.DATETIME: read_datetime,
}
