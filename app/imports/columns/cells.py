"""The text of a cell becomes the value of a field, by the very rules of the API.

Each field is validated by its own annotation, and what was validated is remembered: most columns
of a file say the same few things over and over.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

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

    `known` holds values by their text, never None.
    """

    __slots__ = ("_convert", "_is_remembered", "_read", "_validate", "_validate_all", "known")

    def __init__(self, model: type[BaseModel], field: str) -> None:
        self.known: dict[str, Any] = {}
        rules = _rules_of(model, field)
        self._validate, self._validate_all, self._convert = rules
        # An object may be changed by whoever gets it.
        self._is_remembered = self._convert is not _object
        # How many cells since what was known was forgotten.
        self._read = 0

    def raw(self, text: str) -> Any:
        """What JSON would say for this text; None if it says nothing."""
        return None if not text or text.isspace() else self._convert(text)

    def column(self, texts: Sequence[str], wrong: set[int]) -> list[Any]:
        """The field's values; None for a cell that says nothing.

        Args:
            wrong: gets the positions of those that are not valid; their values mean nothing.
        """
        self._read += len(texts)
        values = list(map(self.known.get, texts))
        if None in values:
            new = [
                at
                for at, (text, value) in enumerate(zip(texts, values, strict=True))
                if value is None and text and not text.isspace()
            ]
            self._fill(values, texts, new, wrong)
        return values

    def value(self, text: str) -> Any:
        """The field's value; None if the cell says nothing; ValueError if it is not valid."""
        self._read += 1
        raw = self.raw(text)
        if raw is None:
            return None
        value = self._validate(raw)
        self._remember(text, value)
        return value

    def _fill(
        self, values: list[Any], texts: Sequence[str], new: Sequence[int], wrong: set[int]
    ) -> None:
        raws = [self._convert(texts[at]) for at in new]
        try:
            found = self._validate_all(raws)
        except ValueError:
            found = [self._checked(raw, at, wrong) for at, raw in zip(new, raws, strict=True)]
        for at, value in zip(new, found, strict=True):
            values[at] = value
            if self._is_remembered and value is not None:
                self._remember(texts[at], value)

    def _checked(self, raw: Any, at: int, wrong: set[int]) -> Any:
        try:
            return self._validate(raw)
        except ValueError:
            wrong.add(at)
            return None

    def _remember(self, text: str, value: Any) -> None:
        if self._is_remembered and len(text) <= _LONGEST_KNOWN:
            if len(self.known) >= _MOST_KNOWN:
                self._forget()
            self.known[text] = value

    def _forget(self) -> None:
        self.known.clear()
        # Addresses and ids are all different: where more than half was new, so will be the rest.
        self._is_remembered = self._read > 2 * _MOST_KNOWN
        self._read = 0


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
            name: str | None = self._reader.known.get(given) or self._reader.value(given)
        except ValueError:
            return None
        return name


def validator_of(model: type[BaseModel], field: str) -> Callable[[Any], Any]:
    """Validates what JSON says for the field, as the model would."""
    return _rules_of(model, field).validate


class _Rules(NamedTuple):
    validate: Callable[[Any], Any]
    validate_all: Callable[[list[Any]], list[Any]]
    convert: Callable[[str], Any]


@cache
def _rules_of(model: type[BaseModel], field: str) -> _Rules:
    annotation = model.model_fields[field].rebuild_annotation()
    kind = _kind_of(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind = dict
    # Past the adapter's own wrapper, which takes as long as validating a name.
    return _Rules(
        TypeAdapter(annotation).validator.validate_python,
        TypeAdapter(list[annotation]).validator.validate_python,  # type: ignore[valid-type]  # known only now
        _CONVERSIONS.get(kind, _same),
    )


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
