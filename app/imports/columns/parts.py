"""Some columns make one model: quickly, and the same one as from JSON.

    rows ─▶ their cells by column ─▶ each column's values ─▶ instances, where they are asked for

Taking twelve cells apart, making JSON of them and validating that takes 15 µs a row. Here only
cells not seen before are validated, and an instance is made of the values directly.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from app.core.values import ATTRIBUTES_BYTES, plain
from app.imports.columns.cells import CellReader, validator_of
from app.imports.columns.fields import ATTRIBUTES, Path

M = TypeVar("M", bound=BaseModel)

# One character of JSON text has six bytes at most: \u001f.
_WIDEST = 6
_new = object.__new__
_set = object.__setattr__


@dataclass(frozen=True, slots=True)
class Values(Generic[M]):
    """What rows give of one model: the values of each field that some column is for.

    None is a field that the row does not give.
    """

    model: type[M]
    defaults: Mapping[str, Any]
    fields: Mapping[str, Sequence[Any]]
    rows: int

    def without(self, wrong: set[int]) -> "Values[M]":
        """The same of the other rows, which move up."""
        if not wrong:
            return self
        fields = {
            name: [value for at, value in enumerate(values) if at not in wrong]
            for name, values in self.fields.items()
        }
        return Values(self.model, self.defaults, fields, self.rows - len(wrong))

    def all_made(self) -> Iterable[M]:
        """The models of all rows."""
        return map(self.made, range(self.rows))

    def made(self, at: int) -> M:
        """The model of one row, as validating its values together would make it."""
        given = {
            name: value for name, values in self.fields.items() if (value := values[at]) is not None
        }
        model: M = _new(self.model)
        _set(model, "__dict__", {**self.defaults, **given})
        _set(model, "__pydantic_fields_set__", set(given))
        _set(model, "__pydantic_extra__", None)
        _set(model, "__pydantic_private__", None)
        return model


class Part(Generic[M]):
    """The columns that fill the fields of one model.

    Args:
        paths: positions of columns, and where they lead within the model.
        elsewhere: required fields that are given in another way.
        otherwise: valid values of fields, for rows that give none.
    """

    def __init__(
        self,
        model: type[M],
        paths: Iterable[tuple[int, Path]],
        *,
        elsewhere: Collection[str] = (),
        otherwise: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = model
        self._otherwise = otherwise or {}
        self._readers: list[tuple[int, str, CellReader]] = []
        self._attributes: list[tuple[int, str]] = []
        for position, path in paths:
            if len(path) > 1:
                self._attributes.append((position, path[1]))
            else:
                self._readers.append((position, path[0], CellReader(model, path[0])))
        if self._attributes:
            self._check_attributes = validator_of(model, ATTRIBUTES)
        empty = json.dumps({name: "" for _, name in self._attributes}, ensure_ascii=False)
        self._room = (ATTRIBUTES_BYTES - len(empty.encode())) // _WIDEST
        fields = model.model_fields.items()
        self._required = [
            name for name, field in fields if field.is_required() and name not in elsewhere
        ]
        # With a place for each, so that fields keep their order.
        self._defaults = {
            name: None if field.is_required() else field.default for name, field in fields
        }

    def read(self, columns: Sequence[Sequence[str]], wrong: set[int]) -> Values[M]:
        """The valid values of rows.

        Args:
            columns: all cells of the rows, by column.
            wrong: gets the positions of rows that have a cell which is not valid, or lack one.
        """
        fields = {
            name: reader.column(columns[position], wrong)
            for position, name, reader in self._readers
        }
        if self._attributes:
            cells = zip(*[columns[position] for position, _ in self._attributes], strict=True)
            fields[ATTRIBUTES] = [
                self._attributes_of(texts, at, wrong) for at, texts in enumerate(cells)
            ]
        nothing = [None] * len(columns[0])
        for name, other in self._otherwise.items():
            given = fields.get(name, nothing)
            fields[name] = [other if value is None else value for value in given]
        for name in self._required:
            values = fields.get(name, nothing)
            wrong.update(at for at, value in enumerate(values) if value is None)
        return Values(self._model, self._defaults, fields, len(nothing))

    def raw(self, cells: list[str]) -> dict[str, Any]:
        """What JSON would say for the row, valid or not."""
        raw = {
            name: value
            for position, name, reader in self._readers
            if (value := reader.raw(cells[position])) is not None
        }
        attributes = self._named([cells[position] for position, _ in self._attributes])
        return {**raw, ATTRIBUTES: attributes} if attributes else raw

    def _attributes_of(self, texts: Sequence[str], at: int, wrong: set[int]) -> Any:
        attributes = self._named(texts)
        if not attributes:
            return None
        text = "".join(texts)
        try:
            if len(text) > self._room:
                return self._check_attributes(attributes)
            # Flat, and too short to be too large: the rest of the rules is about letters.
            plain(text)
        except ValueError:
            wrong.add(at)
        return attributes

    def _named(self, texts: Sequence[str]) -> dict[str, str]:
        return {
            name: text
            for (_, name), text in zip(self._attributes, texts, strict=True)
            if text and not text.isspace()
        }
