"""What a message says to one person: a text with merge fields, filled in. Pure.

`{{person.first_name}}` is the field's value, `{{person.first_name|there}}` the words behind the
bar where there is none. Fields are those of the criteria's catalogue.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.criteria.catalogue import Attribute, Record, find_field
from app.criteria.operators import FieldType

_FIELD = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}")
_BRACES = re.compile(r"\{\{|\}\}")


class BadSyntax(Exception):
    """Braces that open and never close, or the other way round."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it leaves."""

    subject: str
    body: str


def fields_in(text: str) -> Iterator[str]:
    """The names of the fields that a text asks for, in their order."""
    for found in _FIELD.finditer(text):
        yield found[1]


def is_well_formed(text: str) -> bool:
    """Whether every pair of braces encloses a field."""
    return _BRACES.search(_FIELD.sub("", text)) is None


def render(text: str, facts: Mapping[Record, Mapping[str, Any]]) -> str:
    """The text for one person.

    Args:
        facts: columns by name, as JSON has them, of the person and of what else takes part.

    Raises:
        BadSyntax: its braces do not pair.
    """
    if not is_well_formed(text):
        raise BadSyntax
    return _FIELD.sub(lambda found: _value(found[1], facts) or found[2] or "", text)


def _value(name: str, facts: Mapping[Record, Mapping[str, Any]]) -> str:
    field = find_field(name)
    if field is None:
        return ""
    columns = facts.get(field.record, {})
    if isinstance(field, Attribute):
        return _written((columns.get("attributes") or {}).get(field.key))
    found = columns.get(field.column)
    # A moment's date is what people read; in JSON it is a text.
    if field.type is FieldType.DATETIME and isinstance(found, str):
        return found[:10]
    return _written(found)


def _written(value: Any) -> str:
    match value:
        case None | dict() | list():
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
