"""A mapping: whether it makes sense, and what it makes of a body; pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.core.errors import Fault
from app.core.faults import pointer_to
from app.responses.integrations.targets import (
    ISO_8601,
    Kind,
    convert,
    kind_of,
    steps_of,
)
from app.responses.schemas import PersonIn, ResponseCreate

_IDENTITIES = ("person.id", "person.external_id", "person.email")
# Every part differs from what strptime assumes, so that a format that drops one is found out.
_PROBE = datetime(2031, 11, 28, 17, 43, 52, tzinfo=UTC)


# A mapping as it is kept: each target's source, with only what was given for it.
Saved = Mapping[str, Mapping[str, Any]]


def faults_of(mapping: Saved) -> list[Fault]:
    """What is wrong with a mapping, in its order; the pointers begin at `/mapping`."""
    faults: list[Fault] = []
    for target, source in mapping.items():
        place = pointer_to([target], "/mapping")
        kind = kind_of(target)
        if kind is None:
            faults.append(Fault(place, "unknown_target", "is not a field of a response"))
            continue
        faults += [
            Fault(f"{place}/{name}", "wrong_constant", f"is not right for {kind}")
            for name in ("value", "default")
            if name in source and not _fits(source[name], target, kind)
        ]
        if kind is Kind.MOMENT:
            faults += _faults_of_format(source, place)
        else:
            faults += [
                Fault(f"{place}/{name}", "not_here", "is only for times")
                for name in ("format", "timezone")
                if name in source
            ]
    if "campaign" not in mapping:
        faults.append(Fault("/mapping/campaign", "missing", "is missing"))
    if not any(identity in mapping for identity in _IDENTITIES):
        faults.append(Fault("/mapping", "no_identity", f"needs one of {', '.join(_IDENTITIES)}"))
    return faults


def apply(mapping: Saved, body: Mapping[str, Any]) -> dict[str, Any]:
    """The item that a body stands for, as raw as if it had been sent to `POST /v1/responses`.

    Args:
        mapping: one without faults.
        body: what `bodies.read` gives.
    """
    item: dict[str, Any] = {}
    for target, source in mapping.items():
        value = _value_of(source, kind_of(target) or Kind.ANY, body)
        if value is None:
            continue
        *path, name = steps_of(target)
        place = item
        for step in path:
            place = place.setdefault(step, {})
        place[name] = value
    return item


def _value_of(source: Mapping[str, Any], kind: Kind, body: Mapping[str, Any]) -> Any:
    if "value" in source:
        return source["value"]
    found = _look_up(body, source["field"])
    if found is None or (isinstance(found, str) and not found.strip()):
        return source.get("default")
    return convert(found, kind, source)


def _look_up(value: Any, path: str) -> Any:
    """What stands at a dotted path; a key that is spelled like the whole rest comes first."""
    while True:
        step, dot, rest = path.partition(".")
        if isinstance(value, dict):
            if path in value:
                return value[path]
            value = value.get(step)
        elif isinstance(value, list) and re.fullmatch("[0-9]{1,6}", step):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
        if not dot:
            return value
        path = rest


def _fits(constant: Any, target: str, kind: Kind) -> bool:
    """Whether an item with this constant at the target would be a valid one there."""
    if constant is None or (isinstance(constant, str) and not constant.strip()):
        return False
    *path, name = steps_of(target)
    field, value = (path[-1], {name: constant}) if kind is Kind.ANY else (name, constant)
    model = PersonIn if path[:1] == ["person"] else ResponseCreate
    try:
        TypeAdapter(model.model_fields[field].rebuild_annotation()).validate_python(value)
    except ValidationError:
        return False
    return True


def _faults_of_format(source: Mapping[str, Any], place: str) -> list[Fault]:
    form = source.get("format", ISO_8601)
    if form == ISO_8601:
        return []
    try:
        read = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007  # a probe
    except (ValueError, re.error):
        read = None
    if read is None or read.date() != _PROBE.date():
        detail = "is neither `iso8601` nor a strptime format of a whole date"
        return [Fault(f"{place}/format", "bad_format", detail)]
    if read.tzinfo is None and "timezone" not in source:
        detail = "is needed, for the format names no zone"
        return [Fault(f"{place}/timezone", "missing", detail)]
    return []
