"""From a tree to a condition in SQL.

Every test is written so that it is true or false, never NULL: then `NOT` is exact, and a
missing value makes every positive test false. Nothing a user wrote gets into the text; it is
all bound. Texts are lower-cased by PostgreSQL on both sides, so both go by the same mapping.
"""

from datetime import timedelta

from app.criteria.catalogue import Attribute, Field
from app.criteria.operators import FieldType, Op
from app.criteria.tree import AllOf, AnyOf, Comparison, Criteria, Not

_SYMBOL = {
    Op.EQUALS: "=",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
    Op.BEFORE: "<",
    Op.AFTER: ">",
}
# A subquery without ties to the row: run once per statement, then looked up by hash.
_LOWERED = "SELECT lower(word) FROM unnest({}) AS word"


class Parameters:
    """The numbered parameters of one asyncpg statement, in the order they were added.

    A protocol limit: a statement has at most 32,767 of them.
    """

    def __init__(self, first: int = 1) -> None:
        """`first` is the number of the first parameter to add; lower ones are the caller's."""
        self.values: list[object] = []
        self._first = first

    def add(self, value: object, sql_type: str) -> str:
        """Bind a value and return what stands for it in the text, e.g. `$3::text`."""
        self.values.append(value)
        return f"${self._first + len(self.values) - 1}::{sql_type}"


def compile_sql(criteria: Criteria, parameters: Parameters, *, now: str) -> str:
    """Write the criteria as a condition over the aliases `p`, `c` and `r`; it is never NULL.

    It needs the two functions of `sql_functions`, and no value in any row can make it fail.

    Args:
        criteria: what `parse` returned.
        parameters: takes the values; pass its `values` after your own when executing.
        now: an SQL expression for business time, e.g. `$1::timestamptz`.
    """
    match criteria:
        case AllOf(parts):
            joined = " AND ".join(compile_sql(part, parameters, now=now) for part in parts)
            return f"({joined})"
        case AnyOf(parts):
            joined = " OR ".join(compile_sql(part, parameters, now=now) for part in parts)
            return f"({joined})"
        case Not(part):
            return f"(NOT {compile_sql(part, parameters, now=now)})"
        case Comparison():
            return f"({_comparison(criteria, parameters, now)})"


def _comparison(test: Comparison, parameters: Parameters, now: str) -> str:
    operand = _operand(test.field, test.type, parameters)
    if test.op is Op.IS_EMPTY:
        is_text = test.type is FieldType.TEXT
        return f"coalesce({operand}, '') = ''" if is_text else f"{operand} IS NULL"
    if test.type is FieldType.BOOLEAN:
        return f"{operand} IS {'TRUE' if test.value else 'FALSE'}"
    if test.type is FieldType.TEXT:
        return f"({_text_test(test, f'lower({operand})', parameters)}) IS TRUE"
    if test.type is FieldType.NUMBER:
        return f"({_number_test(test, operand, parameters)}) IS TRUE"
    return f"({_datetime_test(test, operand, parameters, now)}) IS TRUE"


def _operand(field: Field, kind: FieldType, parameters: Parameters) -> str:
    """The field's value as the given type; NULL where it is missing or of another form."""
    if not isinstance(field, Attribute):
        return field.sql
    key = parameters.add(field.key, "text")
    text = f"({field.sql} ->> {key})"
    match kind:
        case FieldType.NUMBER:
            return f"penstock_number({text})"
        case FieldType.BOOLEAN:
            return f"(CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END)"
        case FieldType.DATETIME:
            return f"penstock_timestamp({text})"
        case FieldType.TEXT:
            # Lists and objects have a text form too, but nobody wrote that text.
            nested = f"jsonb_typeof({field.sql} -> {key}) IN ('array', 'object')"
            return f"(CASE WHEN {nested} THEN NULL ELSE {text} END)"


def _text_test(test: Comparison, operand: str, parameters: Parameters) -> str:
    if isinstance(test.value, tuple):
        values = parameters.add(list(test.value), "text[]")
        return f"{operand} IN ({_LOWERED.format(values)})"
    value = f"lower({parameters.add(test.value, 'text')})"
    match test.op:
        case Op.CONTAINS:
            return f"strpos({operand}, {value}) > 0"
        case Op.STARTS_WITH:
            return f"starts_with({operand}, {value})"
        case Op.ENDS_WITH:
            return f"right({operand}, length({value})) = {value}"
        case _:
            return f"{operand} = {value}"


def _number_test(test: Comparison, operand: str, parameters: Parameters) -> str:
    sql_type = _number_type(test)
    if test.op is Op.IN and isinstance(test.value, tuple):
        return f"{operand} = ANY ({parameters.add(list(test.value), f'{sql_type}[]')})"
    return _ordered_test(test, operand, sql_type, parameters)


def _number_type(test: Comparison) -> str:
    """bigint where it will do: columns are whole, and comparing numerics costs a cast per row."""
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    is_whole = all(isinstance(value, int) for value in values)
    return "bigint" if is_whole and not isinstance(test.field, Attribute) else "numeric"


def _datetime_test(test: Comparison, operand: str, parameters: Parameters, now: str) -> str:
    if isinstance(test.value, timedelta):
        # In seconds: days would follow the session's time zone through its changes of clock.
        seconds = parameters.add(test.value.total_seconds(), "double precision")
        start = f"{now} - make_interval(secs => {seconds})"
        if test.op is Op.OLDER_THAN:
            return f"{operand} < {start}"
        return f"{operand} BETWEEN {start} AND {now}"
    return _ordered_test(test, operand, "timestamptz", parameters)


def _ordered_test(test: Comparison, operand: str, sql_type: str, parameters: Parameters) -> str:
    if isinstance(test.value, tuple):
        low, high = (parameters.add(bound, sql_type) for bound in test.value)
        return f"{operand} BETWEEN {low} AND {high}"
    return f"{operand} {_SYMBOL[test.op]} {parameters.add(test.value, sql_type)}"
