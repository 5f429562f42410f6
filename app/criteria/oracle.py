"""Criteria over one row, in Python: for tests, and for a look at a single record.

Says the same as the compiled SQL; where the two differ, one of them has a bug.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.criteria.catalogue import Attribute, Field, Record
from app.criteria.forms import fold, read_number, read_timestamp
from app.criteria.operators import FieldType, Op
from app.criteria.tree import AllOf, AnyOf, Comparison, Criteria, Not


@dataclass(frozen=True, slots=True)
class Facts:
    """A person and what there is beside: columns by name, `attributes` as decoded JSON.

    Decode JSON with `parse_float=Decimal` to keep digits as the database does: `1.10` is a
    text of four characters to it, and a float of three.
    """

    person: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    opportunity: Mapping[str, Any] = field(default_factory=dict)

    def of(self, record: Record) -> Mapping[str, Any]:
        """The columns of one of the records."""
        match record:
            case Record.PERSON:
                return self.person
            case Record.CAMPAIGN:
                return self.campaign
            case Record.RESPONSE:
                return self.response
            case Record.OPPORTUNITY:
                return self.opportunity


def holds(criteria: Criteria, facts: Facts, now: datetime) -> bool:
    """Whether the criteria are true of these facts at this business time."""
    match criteria:
        case AllOf(parts):
            return all(holds(part, facts, now) for part in parts)
        case AnyOf(parts):
            return any(holds(part, facts, now) for part in parts)
        case Not(part):
            return not holds(part, facts, now)
        case Comparison():
            return _comparison_holds(criteria, facts, now)


_HOLDS: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQUALS: operator.eq,
    Op.IN: lambda found, values: found in values,
    Op.CONTAINS: operator.contains,
    Op.STARTS_WITH: str.startswith,
    Op.ENDS_WITH: str.endswith,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.BETWEEN: lambda found, bounds: bool(bounds[0] <= found <= bounds[1]),
    Op.BEFORE: operator.lt,
    Op.AFTER: operator.gt,
}


def _comparison_holds(test: Comparison, facts: Facts, now: datetime) -> bool:
    found = _find(test.field, test.type, facts)
    if test.op is Op.IS_EMPTY:
        return found is None
    if found is None:
        return False
    if isinstance(test.value, timedelta):
        start = now - test.value
        return bool(found < start if test.op is Op.OLDER_THAN else start <= found <= now)
    if test.type is FieldType.TEXT:
        return _HOLDS[test.op](fold(found), _fold_all(test.value))
    return _HOLDS[test.op](found, test.value)


def _fold_all(value: Any) -> Any:
    return tuple(fold(word) for word in value) if isinstance(value, tuple) else fold(value)


def _find(where: Field, kind: FieldType, facts: Facts) -> Any:
    """The field's value as the given type, or None where it is missing or of another form."""
    record = facts.of(where.record)
    if not isinstance(where, Attribute):
        found = record.get(where.column)
        return None if found == "" else found
    text = _text_of((record.get("attributes") or {}).get(where.key))
    match kind:
        case FieldType.TEXT:
            return text or None
        case FieldType.NUMBER:
            return read_number(text)
        case FieldType.BOOLEAN:
            return {"true": True, "false": False}.get(fold(text))
        case FieldType.DATETIME:
            return read_timestamp(text)


def _text_of(scalar: object) -> str:
    """The text that jsonb gives a scalar; empty for null, lists and objects."""
    match scalar:
        case str():
            return scalar
        case bool():
            return "true" if scalar else "false"
        case int() | float() | Decimal():
            number = Decimal(str(scalar))
            # jsonb knows no negative zero.
            return format(number or abs(number), "f")
        case _:
            return ""
