"""NDJSON records become items. What a record is made of is known only when it is read."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from app.core.errors import Fault
from app.core.faults import pointer_to
from app.imports.columns.cells import Campaign
from app.imports.columns.fields import Path, path_of
from app.imports.columns.matching import ColumnMapping
from app.imports.columns.parsed import Parsed
from app.imports.formats.objects import read_json
from app.models.states import UploadObject
from app.responses.intake.items import Invalid

T = TypeVar("T")

_MOST_KEYS = 1_000
# Objects that may be given in parts: `{"person": {…}, "person.email": …}`.
_IN_PARTS = {("person",), ("attributes",), ("person", "attributes")}


class LinePlan(Generic[T]):
    """The plan of an NDJSON file; see `Plan`.

    Args:
        parse: the item of JSON, or what is wrong with it.
        campaign: code or id, for records that name none.
    """

    def __init__(
        self,
        of: UploadObject,
        mapping: ColumnMapping | None,
        parse: Callable[[Any, int], T | Invalid],
        *,
        campaign: str | None,
    ) -> None:
        self._of = of
        self._mapping = mapping or {}
        self._parse = parse
        self._campaign = campaign
        self._names = Campaign()
        self._paths: dict[str, Path | None] = {}
        self._keys: dict[str, str] = {}
        self._last: tuple[str, dict[str, Any], tuple[Fault, ...]] = ("", {}, ())

    def parse(self, rows: Mapping[int, list[str]]) -> Parsed[T]:
        """The items of records by their index, and of the others every place where they are wrong,
        as the API would name it.
        """
        items: list[T] = []
        invalid: list[Invalid] = []
        for index, cells in rows.items():
            raw, faults = self._read(cells)
            item = Invalid(index, None, faults) if faults else self._parse(raw, index)
            if isinstance(item, Invalid):
                invalid.append(item)
            else:
                items.append(item)
        return Parsed(items, invalid)

    def column_of(self, pointer: str) -> str | None:
        """The key to blame for a fault, if it is one; of a record that was parsed before."""
        while pointer:
            if pointer in self._keys:
                return self._keys[pointer]
            pointer = pointer.rpartition("/")[0]
        return None

    @property
    def depth(self) -> int:
        """There is one cell only."""
        return 1

    def campaign_of(self, cells: list[str]) -> str | None:
        """How the record names its campaign; None if it does not, or as none can be named."""
        campaign = self._read(cells)[0].get("campaign")
        # The file's own may have been put in.
        return None if campaign == self._campaign else self._names.of(campaign)

    def is_prompt(self, cells: list[str]) -> bool:
        """Whether the record says it was raised on purpose."""
        return self._read(cells)[0].get("response_prompt") is True

    def _read(self, cells: list[str]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
        text = cells[0] if cells else ""
        # The three questions about a record come one after the other.
        if self._last[0] != text or not text:
            self._last = (text, *self._spread(text))
        return self._last[1], self._last[2]

    def _spread(self, text: str) -> tuple[dict[str, Any], tuple[Fault, ...]]:
        try:
            record = read_json(text)
        except ValueError:
            return {}, (Fault("", "json_invalid", "is not valid JSON"),)
        if not isinstance(record, dict):
            return {}, (Fault("", "not_an_object", "must be an object"),)
        raw: dict[str, Any] = {}
        faults = []
        for key, value in record.items():
            path = self._path(key)
            if path is not None and not _put(raw, path, value):
                faults.append(Fault(pointer_to(path), "ambiguous", "is given more than once"))
        if self._campaign is not None and raw.get("campaign") is None:
            raw["campaign"] = self._campaign
        return raw, tuple(faults)

    def _path(self, key: str) -> Path | None:
        if key in self._paths:
            return self._paths[key]
        field = self._mapping.get(key, key)
        # An unknown one stays where it is: the record fails for it.
        path = None if field is None else path_of(field, self._of) or (key,)
        if len(self._paths) < _MOST_KEYS:
            self._paths[key] = path
            if path is not None:
                self._keys.setdefault(pointer_to(path), key)
        return path


def _put(raw: dict[str, Any], path: Path, value: Any) -> bool:
    """Put a value in its place; false if there is one already."""
    place = raw
    for length, step in enumerate(path[:-1], start=1):
        place = place.setdefault(step, {})
        if not isinstance(place, dict) or path[:length] not in _IN_PARTS:
            return False
    last = path[-1]
    if path in _IN_PARTS and isinstance(value, dict):
        there = place.setdefault(last, {})
        # Part by part, so that nobody's own object is changed.
        return isinstance(there, dict) and all(
            _put(raw, (*path, key), inner) for key, inner in value.items()
        )
    if last in place:
        return False
    place[last] = value
    return True
