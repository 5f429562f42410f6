"""The text of a cell becomes the value of a field, by the very rules of the API.

Each field is validated by its own annotation, and what was validated is remembered: most columns
of a file say the same few things over and over.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from app.imports.formats.objects import read_json
from app.responses.schemas import ResponseCreate

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_FLAGS = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
_MOST_KNOWN = 5_000
_LONGEST_KNOWN = 100


class CellReader:
    """Reads the cells of one column.

    `known` holds values by their text, never None; whoever reads many cells looks there first.
    """

    __slots__ = ("_convert", "_emptied_at", "_is_remembered", "_validate", "known")

    def __init__(self, model: type[BaseModel], field: str) -> None:
        self.known: dict[str, Any] = {}
        self._validate, self._convert = _rules_of(model, field)
        # An object may be changed by whoever gets it.
        self._is_remembered = self._convert is not _object
        self._emptied_at = 0

    def raw(self, text: str) -> Any:
        """What JSON would say for this text; None if it says nothing."""
        return None if not text or text.isspace() else self._convert(text)

    def read(self, text: str, row: int) -> Any:
        """The field's value; None if the cell says nothing.

        Args:
            row: counts the rows read, to tell whether remembering is worth its memory.

        Raises:
            ValueError: it is not valid, as pydantic says.
        """
        raw = None if text.isspace() else self._convert(text)
        if raw is None:
            return None
        value = self._validate(raw)
        if self._is_remembered and len(text) <= _LONGEST_KNOWN:
            if len(self.known) >= _MOST_KNOWN:
                self._empty(row)
            self.known[text] = value
        return value

    def _empty(self, row: int) -> None:
        self.known.clear()
        # Addresses and ids are all different: where more than half was new, so will be the rest.
        self._is_remembered = row - self._emptied_at > 2 * _MOST_KNOWN
        self._emptied_at = row


class Campaign:
    """Tells what may be a campaign's code or id: what is none must not reach the database."""

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader = CellReader(ResponseCreate, "campaign")

    def of(self, given: object) -> str | None:
        """The text, if a campaign may be called so."""
        if not isinstance(given, str) or not given:
            return None
        try:
            name: str | None = self._reader.known.get(given) or self._reader.read(given, 0)
        except ValueError:
            return None
        return name


def validator_of(model: type[BaseModel], field: str) -> Callable[[Any], Any]:
    """Validates what JSON says for the field, as the model would."""
    return _rules_of(model, field)[0]


@cache
def _rules_of(
    model: type[BaseModel], field: str
) -> tuple[Callable[[Any], Any], Callable[[str], Any]]:
    annotation = model.model_fields[field].rebuild_annotation()
    kind = _kind_of(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind = dict
    # Past the adapter's own wrapper, which takes as long as validating a name.
    return TypeAdapter(annotation).validator.validate_python, _CONVERSIONS.get(kind, _same)


def _kind_of(annotation: Any) -> Any:
    """`Annotated[dict[str, Any], …] | None` → `dict`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _kind_of(next(kind for kind in get_args(annotation) if kind is not type(None)))
    return origin or annotation


def _same(text: str) -> str:
    return text


# What cannot be converted stays as it is, and fails where the API would refuse it.
def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text.strip()) else text


def _flag(text: str) -> bool | str:
    return _FLAGS.get(text.strip().lower(), text)


def _object(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return text


_CONVERSIONS: dict[Any, Callable[[str], Any]] = {
    int: _whole,
    bool: _flag,
    datetime: str.strip,
    dict: _object,
}
