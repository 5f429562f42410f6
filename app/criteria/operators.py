"""The words for how a field is tested, and which of them each type of field knows."""

from collections.abc import Mapping
from enum import StrEnum


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"


class Op(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    OLDER_THAN = "older_than"


# A tree holds positive tests only: whatever stands on the left is read as "not" the right.
POSITIVE_OF: Mapping[Op, Op] = {
    Op.NOT_EQUALS: Op.EQUALS,
    Op.NOT_IN: Op.IN,
    Op.NOT_CONTAINS: Op.CONTAINS,
    Op.IS_NOT_EMPTY: Op.IS_EMPTY,
}

_EQUALITY = (Op.EQUALS, Op.NOT_EQUALS)
_MEMBERSHIP = (Op.IN, Op.NOT_IN)
_PRESENCE = (Op.IS_EMPTY, Op.IS_NOT_EMPTY)

OPS_OF: Mapping[FieldType, tuple[Op, ...]] = {
    FieldType.TEXT: (
        *_EQUALITY,
        *_MEMBERSHIP,
        *(Op.CONTAINS, Op.NOT_CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH),
        *_PRESENCE,
    ),
    FieldType.NUMBER: (
        *_EQUALITY,
        *_MEMBERSHIP,
        *(Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN),
        *_PRESENCE,
    ),
    FieldType.BOOLEAN: (*_EQUALITY, *_PRESENCE),
    FieldType.DATETIME: (
        *(Op.BEFORE, Op.AFTER, Op.BETWEEN, Op.WITHIN_LAST, Op.OLDER_THAN),
        *_PRESENCE,
    ),
}


def types_with(op: Op) -> tuple[FieldType, ...]:
    """Every type that knows this operator."""
    return tuple(kind for kind, ops in OPS_OF.items() if op in ops)
