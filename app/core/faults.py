"""Pydantic's complaints as faults: a pointer, a code, a sentence, and nothing of the input."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.core.errors import Fault

# Messages of these types may quote the input; ours do not.
_SENTENCES = {
    "value_error": "is not valid",
    "assertion_error": "is not valid",
    "union_tag_invalid": "is of no known kind",
    "extra_forbidden": "is not a field here",
    "json_invalid": "is not valid JSON",
    "missing": "is missing",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "uuid_parsing": "is not a UUID",
}
# What pydantic puts behind a name that is wrong itself: no field of any document.
_OF_A_NAME = "[key]"
_MOST_FAULTS = 50
_LONGEST_NAME = 100


def faults_of(errors: Iterable[Mapping[str, Any]], *, within: str = "") -> list[Fault]:
    """The wrong places of a validation, in order; at most fifty.

    Args:
        errors: what pydantic's `errors()` gives.
        within: pointer under which the validated value stands, e.g. `/responses/3`.
    """
    faults = []
    for error in list(errors)[:_MOST_FAULTS]:
        kind = str(error["type"])
        cause = (error.get("ctx") or {}).get("error")
        fault = getattr(cause, "fault", None)
        if isinstance(fault, Fault):  # raised by a validator of ours, with its own words
            place = pointer_to(error["loc"], within) + fault.pointer
            faults.append(Fault(place, fault.code, fault.detail))
            continue
        detail = _SENTENCES.get(kind) or str(error["msg"])
        faults.append(Fault(pointer_to(error["loc"], within), kind, detail))
    return faults


def pointer_to(location: Sequence[str | int], within: str = "") -> str:
    """`("body", "person", "email")` → `/person/email`; a parameter's name → `?limit`."""
    if not location:
        return within
    first, *rest = location
    if first in ("query", "path", "header", "cookie") and not within:
        return "?" + escape(rest[0]) if rest else "?"
    steps = rest if first == "body" and not within else [first, *rest]
    if steps and steps[-1] == _OF_A_NAME:
        steps = steps[:-1]
    # A JSON error's second step is an offset in the text; pointers name fields.
    return within + "".join(f"/{escape(step)}" for step in steps)


def escape(step: str | int) -> str:
    """One step of a pointer; long names are cut."""
    return str(step)[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1")


class Wrong(ValueError):
    """Raised inside a pydantic validator to say in our words what is wrong, and where."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.fault = Fault(pointer, code, detail)
