"""The fields of a response item that a mapping may fill, and how foreign values fit them; pure.

What cannot be converted is left as it is, so that the item's own validation names the place.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.zones import zone_named

ISO_8601 = "iso8601"
_WHOLE = re.compile(r"([+-]?[0-9]{1,18})(\.0{1,18})?")
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_LONGEST_MOMENT = 100


class Kind(StrEnum):
    """What a field of an item holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    ANY = "any"


TARGETS: Mapping[str, Kind] = {
    **dict.fromkeys(("external_id", "campaign", "member_status"), Kind.TEXT),
    "responded_at": Kind.MOMENT,
    "score": Kind.NUMBER,
    "response_prompt": Kind.FLAG,
    **{
        f"person.{field}": Kind.TEXT
        for field in (
            *("id", "kind", "external_id", "email", "first_name", "last_name", "title"),
            *("company", "phone", "country", "industry", "lead_source", "owner"),
        )
    },
    "person.score": Kind.NUMBER,
    **{
        f"person.{field}": Kind.FLAG
        for field in ("opted_out", "email_opted_out", "sms_opted_out", "do_pending_scoring")
    },
}
ATTRIBUTE_PREFIXES = ("attributes.", "person.attributes.")
_LONGEST_ATTRIBUTE = 200


def kind_of(target: str) -> Kind | None:
    """What the target holds; None if there is no such target."""
    for prefix in ATTRIBUTE_PREFIXES:
        if target.startswith(prefix):
            rest = len(target) - len(prefix)
            return Kind.ANY if 0 < rest <= _LONGEST_ATTRIBUTE else None
    return TARGETS.get(target)


def steps_of(target: str) -> tuple[str, ...]:
    """Where in the item the target stands; an attribute's name may hold dots of its own."""
    for prefix in ATTRIBUTE_PREFIXES:
        if target.startswith(prefix):
            return (*prefix.rstrip(".").split("."), target.removeprefix(prefix))
    return tuple(target.split("."))


def convert(value: Any, kind: Kind, source: Mapping[str, Any]) -> Any:
    """The value as its kind, where that is beyond doubt."""
    if kind is Kind.MOMENT:
        return _moment(value, source.get("format", ISO_8601), source.get("timezone"))
    return _CONVERSIONS[kind](value)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (whole := _WHOLE.fullmatch(value.strip())):
        return int(whole[1])
    return value


def _flag(value: Any) -> Any:
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    return value


def _moment(value: Any, form: str, timezone: str | None) -> Any:
    if not isinstance(value, str) or len(value) > _LONGEST_MOMENT:
        return value
    try:
        if form == ISO_8601:
            moment = datetime.fromisoformat(value.strip())
        else:
            moment = datetime.strptime(value.strip(), form)  # noqa: DTZ007  (zoned below)
        if moment.tzinfo is None and timezone is not None:
            moment = moment.replace(tzinfo=zone_named(timezone))
        return moment.isoformat()
    except (ValueError, OverflowError):
        return value


_CONVERSIONS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.ANY: lambda value: value,
}
