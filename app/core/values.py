"""Field types of the wire: text without tricks, times with a zone, durations, free attributes."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import to_json

from app.core.faults import Wrong, escape
from app.core.zones import zone_named

ATTRIBUTES_BYTES = 16_000
JSON_BYTES = 64_000
_DEEPEST = 8
_SCORE = 1_000_000_000
# Without this look, a string of digits would be read as seconds since 1970.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Where the part before the @ is of these, only the domain is left to judge, and domains repeat:
# a quarter of a batch's time went into judging each of them again.
_PLAIN_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[a-z0-9_+-]{1,20}(?:\.[a-z0-9_+-]{1,20}){0,2}@([a-z0-9.-]+)",
    re.ASCII | re.IGNORECASE,
)


class Wire(BaseModel):
    """A shape that comes in: unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=False, hide_input_in_errors=True)


def json_of(attributes: Mapping[str, Any] | None) -> str:
    """JSON of attributes that were validated. Measured: a fifth of what Python's own takes."""
    return to_json(attributes).decode() if attributes else "{}"


def plain(value: str) -> str:
    """Refuse what PostgreSQL cannot store: NUL and lone surrogates."""
    if "\x00" in value:
        raise Wrong("bad_text", "contains a NUL character")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Wrong("bad_text", "contains a lone surrogate") from None
    return value


def _text(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise Wrong("string_type", "must be text")
    return value


def _number(value: Any) -> Any:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Wrong("int_type", "must be a whole number")
    return value


def _flag(value: Any) -> Any:
    if value is not None and not isinstance(value, bool):
        raise Wrong("bool_type", "must be true or false")
    return value


def _duration(value: timedelta) -> timedelta:
    if value < timedelta():
        raise Wrong("negative_duration", "must not be negative")
    return value


def _written(value: timedelta) -> str:
    """As RFC 3339 has it. Pydantic writes 498 days as `P1Y133D`, which it has not; and a year is
    no length of time.
    """
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    units = [(f"{hours}", "H"), (f"{minutes}", "M"), (f"{seconds}{fraction}", "S")]
    # A unit may be left out only at either end: PT1H0M5S.
    while units and units[-1][0] == "0":
        units.pop()
    while units and units[0][0] == "0":
        units.pop(0)
    date = f"{value.days}D" if value.days else ""
    time = "T" + "".join(number + unit for number, unit in units) if units else ""
    return f"P{date}{time}" if date or time else "PT0S"


def _email(value: str) -> str:
    value = value.strip()
    plain_address = _PLAIN_ADDRESS.fullmatch(value)
    if not (_is_domain(plain_address[1]) if plain_address else _is_address(value)):
        raise Wrong("bad_email", "is not an e-mail address")
    return value


@lru_cache(maxsize=10_000)
def _is_domain(domain: str) -> bool:
    return _is_address(f"x@{domain}")


def _is_address(value: str) -> bool:
    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _dated(value: Any) -> Any:
    if _text(value) is not None and not _DATE.match(value):
        raise Wrong("bad_time", "is not a time as in RFC 3339")
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Wrong("bad_time", "is outside the calendar") from None


@cache  # found by walking folders: 45 ms
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise Wrong("unknown_timezone", "is not an IANA time zone")
    zone_named(value)
    return value


def _attributes(value: Any) -> Any:
    if not isinstance(value, dict):
        raise Wrong("dict_type", "must be an object")
    _walk(value, "", 0)
    if _is_larger(value, ATTRIBUTES_BYTES):
        raise Wrong("too_large", f"is larger than {ATTRIBUTES_BYTES} bytes")
    return value


def _json(value: Any) -> Any:
    _walk(value, "", 0)
    if _is_larger(value, JSON_BYTES):
        raise Wrong("too_large", f"is larger than {JSON_BYTES} bytes")
    return value


def _is_larger(value: Any, limit: int) -> bool:
    """Whether it takes more bytes than this, as Python writes JSON."""
    # Which is at most twice as long as without blanks, and that is known in a tenth of the time.
    if len(to_json(value)) * 2 <= limit:
        return False
    return len(json.dumps(value, ensure_ascii=False).encode()) > limit


def _walk(value: Any, pointer: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise Wrong("too_deep", f"is nested deeper than {_DEEPEST} levels")
    if isinstance(value, str):
        _at(pointer, value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _at(pointer, key)
            _walk(inner, f"{pointer}/{escape(key)}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(inner, f"{pointer}/{index}", depth + 1)


def _at(pointer: str, value: str) -> None:
    try:
        plain(value)
    except Wrong as wrong:
        raise Wrong(wrong.fault.code, wrong.fault.detail, pointer) from None


# Bounds stand next to the type, so that the document states them; ours run before and after.
Plain = Annotated[str, AfterValidator(plain)]
Text = Annotated[str, Field(max_length=1_000), BeforeValidator(_text), AfterValidator(plain)]
Name = Annotated[
    str, Field(min_length=1, max_length=200), BeforeValidator(_text), AfterValidator(plain)
]
Code = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=r"^[\w.:/@ -]+$"),
    BeforeValidator(_text),
    AfterValidator(plain),
]
ExternalId = Annotated[
    str, Field(min_length=1, max_length=255), BeforeValidator(_text), AfterValidator(plain)
]
Email = Annotated[
    str,
    Field(max_length=320),
    BeforeValidator(_text),
    AfterValidator(plain),
    AfterValidator(_email),
]
Score = Annotated[int, Field(ge=-_SCORE, le=_SCORE), BeforeValidator(_number)]
Count = Annotated[int, Field(ge=0), BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[AwareDatetime, BeforeValidator(_dated), AfterValidator(_utc)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_text),
    AfterValidator(_duration),
    PlainSerializer(_written, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
# The same where it is only shown.
Length = Annotated[
    timedelta,
    PlainSerializer(_written, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
TimeZone = Annotated[str, BeforeValidator(_text), AfterValidator(_zone)]
Attributes = Annotated[dict[str, Any], BeforeValidator(_attributes)]
# Any value at all, as somebody else's program will understand it.
Json = Annotated[Any, BeforeValidator(_json)]
