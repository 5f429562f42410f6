"""Well-formed bodies, made from the document alone, so that validation does not answer first."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core.ids import uuid7
from tests.walls.document import Operation, Schema, alternatives, resolved

# Where there is one, a change is more than nothing: what must not change would show it.
_CHANGED = ("name", "title")
_FORMATS: dict[str, Callable[[], str]] = {
    "uuid": lambda: str(uuid7()),
    "date-time": lambda: "2026-03-10T12:00:00Z",
    "duration": lambda: "PT1M",
}


def body_for(operation: Operation) -> Any:
    """A body that the operation takes, as its example has it; None if it takes none."""
    return None if operation.body is None else example_of(operation.body)


def least_for(operation: Operation) -> Any:
    """A body with what is required and nothing else."""
    return None if operation.body is None else example_of(operation.body, is_least=True)


def example_of(schema: Schema, *, is_least: bool = False) -> Any:
    """A value of this schema: its example, or what is required of it."""
    whole = resolved(schema)
    if "examples" in whole and not is_least:
        return whole["examples"][0]
    one = alternatives(schema)[0]
    if "enum" in one:
        return one["enum"][0]
    match one.get("type"):
        case "object":
            return _object_of(one, is_least=is_least)
        case "array":
            least = one.get("minItems", 0)
            return [example_of(one["items"], is_least=is_least) for _ in range(least)]
        case "integer" | "number":
            return int(one.get("minimum", 0))
        case "boolean":
            return True
        case _:
            return _FORMATS.get(one.get("format", ""), lambda: "changed")()


def placed(body: Any, place: Sequence[str | int], value: Any, schema: Schema) -> Any:
    """The body with a value at this place; what must stand around it is made."""
    if not place:
        return value
    step, *rest = place
    one = alternatives(schema)[0]
    if isinstance(step, int):
        inner = one["items"]
        first = body[0] if body else example_of(inner)
        return [placed(first, rest, value, inner)]
    inner = one["properties"][step]
    base = dict(body or {})
    return base | {step: placed(base.get(step) or _around(inner), rest, value, inner)}


def _around(schema: Schema) -> Any:
    holds_more = alternatives(schema)[0].get("type") in ("object", "array")
    return example_of(schema) if holds_more else None


def _object_of(schema: Schema, *, is_least: bool) -> dict[str, Any]:
    fields = schema.get("properties", {})
    wanted = [*schema.get("required", []), *(() if is_least else _CHANGED)]
    return {
        name: example_of(fields[name], is_least=is_least)
        for name in dict.fromkeys(wanted)
        if name in fields
    }
