"""What the records of a file come to."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.responses.intake.items import Invalid
from app.responses.intake.said import Said

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T_co]):
    """Records that make sense by themselves, in their order, and the others.

    `said` is what the former say of their people, where that is known by column.
    """

    items: list[T_co]
    invalid: list[Invalid]
    said: Said | None = None
