"""Lists in which nothing may stand twice."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.faults import Wrong
from app.core.values import Name


def refuse_repeats(values: Iterable[str], *, field: str = "") -> None:
    """Raise Wrong at the first value that was there before, e.g. at `/3/name` of the list."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            place = f"/{index}/{field}" if field else f"/{index}"
            raise Wrong("repeated", "is listed twice", place)
        seen.add(value)


def _once(owners: list[str]) -> list[str]:
    refuse_repeats(owners)
    return owners


Owners = Annotated[
    list[Name],
    AfterValidator(_once),
    Field(max_length=1_000, description="Names; qualified responses go round among them."),
]
