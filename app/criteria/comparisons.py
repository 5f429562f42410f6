"""Reading one test: a field, an operator it knows, and a value that fits both."""

from collections.abc import Callable
from typing import Any

from app.criteria.catalogue import Attribute, Column, Field, find_field
from app.criteria.faults import Faults
from app.criteria.forms import has_bad_text
from app.criteria.operators import OPS_OF, POSITIVE_OF, FieldType, Op, types_with
from app.criteria.tree import Comparison, Criteria, Not, Scalar, Value
from app.criteria.values import READERS, WrongValue, read_duration

MAX_LIST_LENGTH = 1_000
MAX_ATTRIBUTE_LENGTH = 100

_OPS = {op.value: op for op in Op}
_PRESENCE_OPS = (Op.IS_EMPTY, Op.IS_NOT_EMPTY)
_DURATION_OPS = (Op.WITHIN_LAST, Op.OLDER_THAN)


def read_test(test: dict[str, Any], pointer: str, faults: Faults) -> Criteria | None:
    """The test as a tree, or None after noting every fault; `field` is known to be a key."""
    field = _read_field(test["field"], f"{pointer}/field", faults)
    if "op" not in test:
        faults.note(pointer, "missing_key", "A test needs `op`.")
        return None
    op = _read_op(test["op"], f"{pointer}/op", faults)
    if op is None or not _has_right_keys(test, op, pointer, faults) or field is None:
        return None
    positive = POSITIVE_OF.get(op, op)
    comparison = _compare(field, positive, test.get("value"), pointer, faults)
    return Not(comparison) if comparison and positive is not op else comparison


def _compare(
    field: Field, op: Op, value: object, pointer: str, faults: Faults
) -> Comparison | None:
    kind = _type_of(field, op, value)
    if kind is None:
        faults.note(f"{pointer}/value", "wrong_type", "The operator knows no such value.")
        return None
    if op not in OPS_OF[kind]:
        known = ", ".join(OPS_OF[kind])
        faults.note(f"{pointer}/op", "op_not_for_type", f"A {kind} field knows only: {known}.")
        return None
    noted = len(faults)
    read = _read_value(value, op, kind, f"{pointer}/value", faults)
    return Comparison(field, op, kind, read) if len(faults) == noted else None


def _read_field(name: object, pointer: str, faults: Faults) -> Field | None:
    if not isinstance(name, str):
        faults.note(pointer, "wrong_type", "The name of a field is needed here.")
        return None
    field = find_field(name)
    if field is None:
        faults.note(pointer, "unknown_field", "`GET /v1/criteria/fields` lists the fields.")
    elif isinstance(field, Attribute) and len(field.key) > MAX_ATTRIBUTE_LENGTH:
        faults.note(
            pointer, "text_too_long", f"An attribute has at most {MAX_ATTRIBUTE_LENGTH} characters."
        )
    elif isinstance(field, Attribute) and has_bad_text(field.key):
        faults.note(pointer, "bad_text", "The name holds NUL or half of a surrogate pair.")
    else:
        return field
    return None


def _read_op(word: object, pointer: str, faults: Faults) -> Op | None:
    if not isinstance(word, str):
        faults.note(pointer, "wrong_type", "The name of an operator is needed here.")
        return None
    op = _OPS.get(word)
    if op is None:
        faults.note(pointer, "unknown_op", f"The operators are: {', '.join(Op)}.")
    return op


def _has_right_keys(test: dict[str, Any], op: Op, pointer: str, faults: Faults) -> bool:
    if op in _PRESENCE_OPS and "value" in test:
        faults.note(f"{pointer}/value", "unknown_key", "This operator takes no value.")
    elif op not in _PRESENCE_OPS and "value" not in test:
        faults.note(pointer, "missing_key", "This operator needs `value`.")
    else:
        return True
    return False


def _type_of(field: Field, op: Op, value: object) -> FieldType | None:
    """A column's own type; for an attribute the type that operator and value suggest."""
    if isinstance(field, Column):
        return field.type
    candidates = types_with(op)
    if op is Op.IS_EMPTY or len(candidates) == 1:
        return candidates[0]
    sample = value[0] if isinstance(value, list) and value else value
    return next((kind for kind in _types_like(sample) if kind in candidates), None)


def _types_like(sample: object) -> tuple[FieldType, ...]:
    if isinstance(sample, bool):
        return (FieldType.BOOLEAN,)
    if isinstance(sample, int | float):
        return (FieldType.NUMBER,)
    if isinstance(sample, str):
        return (FieldType.TEXT, FieldType.DATETIME)
    return ()


def _read_value(value: object, op: Op, kind: FieldType, pointer: str, faults: Faults) -> Value:
    """The value in the shape that the operator wants; meaningless once a fault is noted."""
    if op is Op.IS_EMPTY:
        return None
    if op is Op.IN:
        return _read_list(value, READERS[kind], pointer, faults)
    if op is Op.BETWEEN:
        return _read_range(value, READERS[kind], pointer, faults)
    return _read_scalar(
        value, read_duration if op in _DURATION_OPS else READERS[kind], pointer, faults
    )


def _read_scalar(
    value: object, read: Callable[[object], Scalar], pointer: str, faults: Faults
) -> Scalar | None:
    try:
        return read(value)
    except WrongValue as wrong:
        faults.note(pointer, wrong.code, wrong.detail)
        return None


def _read_list(
    value: object, read: Callable[[object], Scalar], pointer: str, faults: Faults
) -> tuple[Scalar, ...]:
    if not isinstance(value, list):
        faults.note(pointer, "wrong_type", "A list of values is needed here.")
        return ()
    if not value:
        faults.note(pointer, "empty_list", "At least one value is needed here.")
    if len(value) > MAX_LIST_LENGTH:
        faults.note(pointer, "too_many", f"At most {MAX_LIST_LENGTH} values.")
        return ()
    scalars = (
        _read_scalar(item, read, f"{pointer}/{index}", faults) for index, item in enumerate(value)
    )
    return tuple(scalar for scalar in scalars if scalar is not None)


def _read_range(
    value: object, read: Callable[[object], Scalar], pointer: str, faults: Faults
) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) != 2:
        faults.note(pointer, "wrong_type", "A list of two is needed here: [lowest, highest].")
        return ()
    bounds: Any = _read_list(value, read, pointer, faults)
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        faults.note(pointer, "bad_range", "The lowest value is above the highest.")
    return tuple(bounds)
