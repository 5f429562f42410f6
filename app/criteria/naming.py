"""Which fields and operators well-formed criteria name, and where. Pure."""

from collections.abc import Iterator
from typing import Any


def fields_named(criteria: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Where each test names which field, as (pointer, name); `parse` has found no fault."""
    if "not" in criteria:
        yield from fields_named(criteria["not"], f"{pointer}/not")
    elif "field" in criteria:
        yield f"{pointer}/field", criteria["field"]
    else:
        word = "all" if "all" in criteria else "any"
        for position, part in enumerate(criteria[word]):
            yield from fields_named(part, f"{pointer}/{word}/{position}")


def ops_in(criteria: Any) -> set[str]:
    """The operators that they use."""
    if "not" in criteria:
        return ops_in(criteria["not"])
    if "field" in criteria:
        return {criteria["op"]}
    parts = criteria["all"] if "all" in criteria else criteria["any"]
    return {op for part in parts for op in ops_in(part)}
