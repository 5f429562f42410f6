"""Which parts of an order go together, and what is wrong with one. Pure."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import Fault
from app.criteria.catalogue import OF_RESPONSES, Record, find_field
from app.criteria.naming import fields_named
from app.criteria.parse import parse
from app.criteria.tree import Criteria
from app.exports.columns import Column, ExportObject, default_names, find_column

_RECORDS = {
    ExportObject.PEOPLE: frozenset({Record.PERSON}),
    ExportObject.RESPONSES: OF_RESPONSES,
    ExportObject.RUNS: frozenset[Record](),
}
_ONLY = {
    "campaign": ExportObject.RESPONSES,
    "kind": ExportObject.RUNS,
    "state": ExportObject.RUNS,
    "from": ExportObject.RUNS,
    "to": ExportObject.RUNS,
}


def faults_in_filters(exported: ExportObject, given: Sequence[str]) -> list[Fault]:
    """Filters that this object does not have; `given` are the names of those that were sent."""
    return [
        Fault(f"/{name}", "not_of_this_object", f"Only an export of {_ONLY[name]} is narrowed so.")
        for name in given
        if name in _ONLY and _ONLY[name] is not exported
    ]


def faults_in_columns(exported: ExportObject, names: Sequence[str]) -> list[Fault]:
    """Columns that there are not, and those named twice."""
    faults = []
    for position, name in enumerate(names):
        place = f"/columns/{position}"
        if find_column(exported, name) is None:
            faults.append(Fault(place, "unknown_column", f"No column of {exported}."))
        elif name in names[:position]:
            faults.append(Fault(place, "named_twice", "Each column at most once."))
    return faults


def faults_in_criteria(exported: ExportObject, criteria: object) -> list[Fault]:
    """Fields of records that the object has nothing to do with.

    Raises:
        InvalidCriteria: they make no sense in themselves.
    """
    parse(criteria, pointer="/criteria")
    allowed = _RECORDS[exported]
    return [
        Fault(pointer, "not_of_this_object", f"No field of an export of {exported}.")
        for pointer, name in fields_named(criteria, "/criteria")
        if (field := find_field(name)) is None or field.record not in allowed
    ]


def criteria_of(order: Any) -> Criteria | None:
    """The criteria of an order that was found good, as a tree."""
    return None if order is None else parse(order)


def columns_of(exported: ExportObject, names: Sequence[str] | None) -> list[Column]:
    """The columns of an order that was found good, in its order; by default all."""
    found = (find_column(exported, name) for name in names or default_names(exported))
    return [column for column in found if column is not None]
