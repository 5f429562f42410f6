"""Criteria that have been checked, as a tree of immutable nodes.

Only `parse` makes them, so whoever holds a tree need not doubt it. A tree knows positive tests
only: `not_equals` arrives here as `Not` of `equals`, which makes the two exact opposites.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from app.criteria.catalogue import Field
from app.criteria.operators import FieldType, Op

# Whole numbers are int and all others Decimal; moments are in UTC.
Scalar: TypeAlias = str | bool | int | Decimal | datetime | timedelta
Value: TypeAlias = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """True if every part is."""

    parts: tuple["Criteria", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if at least one part is."""

    parts: tuple["Criteria", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the part is false."""

    part: "Criteria"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against one value, both read as `type`; false if the field is empty.

    `value` is a tuple for `in` and for `between` (low, high), a timedelta for `within_last`
    and `older_than`, and None for `is_empty`.
    """

    field: Field
    op: Op
    type: FieldType
    value: Value


Criteria: TypeAlias = AllOf | AnyOf | Not | Comparison
