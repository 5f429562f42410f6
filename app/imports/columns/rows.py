"""CSV rows become items: the quick way, and for rows with a fault the API's own way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from app.core.faults import pointer_to
from app.imports.columns.cells import Campaign, CellReader
from app.imports.columns.fields import Path
from app.imports.columns.parsed import Parsed
from app.imports.columns.parts import Part
from app.imports.columns.responses import ResponseRow, rows_of
from app.people.schemas import PersonUpsert
from app.responses.intake.items import Invalid
from app.responses.intake.said import Said
from app.responses.schemas import ResponseCreate

B = TypeVar("B", bound=BaseModel)
M = TypeVar("M")
T = TypeVar("T")
M_co = TypeVar("M_co", covariant=True)


class Rows(Protocol[M_co]):
    """Reads all columns of rows."""

    def read(self, columns: Sequence[Sequence[str]], wrong: set[int]) -> "Read[M_co]":
        """What rows give, but for those of which something is wrong.

        Args:
            columns: all cells of the rows, by column.
            wrong: gets the positions of the rows that are left out.
        """
        ...

    def raw(self, cells: list[str]) -> dict[str, Any]:
        """What JSON would say for a row."""
        ...


class Read(NamedTuple, Generic[M_co]):
    """What rows give, and what they say of their people, where that was read by column."""

    given: Iterable[M_co]
    said: Said | None = None


class ModelRows(Generic[B]):
    """Rows that each make one model."""

    def __init__(self, model: type[B], paths: Mapping[int, Path]) -> None:
        self._part = Part(model, paths.items())
        self.raw = self._part.raw

    def read(self, columns: Sequence[Sequence[str]], wrong: set[int]) -> Read[B]:
        """What rows give, but for those of which something is wrong."""
        return Read(self._part.read(columns, wrong).without(wrong).all_made())


class ResponseRows:
    """Rows of a file of responses; `campaign` is for those that name none."""

    def __init__(self, paths: Mapping[int, Path], campaign: str | None) -> None:
        inner = [(at, path[1:]) for at, path in paths.items() if path[0] == "person" and path[1:]]
        own = [(at, path) for at, path in paths.items() if (at, path[1:]) not in inner]
        otherwise = {}
        self._raw_campaign = campaign
        if campaign is not None:
            otherwise["campaign"] = CellReader(ResponseCreate, "campaign").value(campaign)
        elsewhere = ["person"] if inner else []
        self._own = Part(ResponseCreate, own, elsewhere=elsewhere, otherwise=otherwise)
        self._person = Part(PersonUpsert, inner) if inner else None

    def read(
        self, columns: Sequence[Sequence[str]], wrong: set[int]
    ) -> Read[ResponseRow | ResponseCreate]:
        """What rows give, but for those of which something is wrong."""
        own = self._own.read(columns, wrong)
        if self._person is None:
            return Read(own.without(wrong).all_made())
        people = self._person.read(columns, wrong).without(wrong)
        return Read(rows_of(own.without(wrong).fields, people), people.fields)

    def raw(self, cells: list[str]) -> dict[str, Any]:
        """What JSON would say for a row."""
        raw = self._own.raw(cells)
        if self._raw_campaign is not None:
            raw.setdefault("campaign", self._raw_campaign)
        if self._person is not None:
            raw["person"] = self._person.raw(cells)
        return raw


class RowPlan(Generic[M, T]):
    """The plan of a CSV file; see `Plan`.

    Args:
        made: the item of what a row gives.
        parse: the item of JSON, or what is wrong with it.
    """

    def __init__(
        self,
        columns: Sequence[str],
        paths: Mapping[int, Path],
        rows: Rows[M],
        made: Callable[[int, M], T],
        parse: Callable[[Any, int], T | Invalid],
    ) -> None:
        self._rows = rows
        self._made = made
        self._parse = parse
        self._columns = {pointer_to(path): columns[at] for at, path in paths.items()}
        positions = {path: at for at, path in paths.items()}
        self._campaign_at = positions.get(("campaign",))
        self._prompt_at = positions.get(("response_prompt",))
        asked = [at for at in (self._campaign_at, self._prompt_at) if at is not None]
        self.depth = max(asked) + 1 if asked else 0
        self._campaign = Campaign()
        self._prompt = CellReader(ResponseCreate, "response_prompt")

    def parse(self, rows: Mapping[int, list[str]]) -> Parsed[T]:
        """The items of rows by their index, and of the others every place where they are wrong."""
        if not rows:
            return Parsed([], [])
        wrong: set[int] = set()
        cells = list(rows.values())
        given, said = self._rows.read(list(zip(*cells, strict=True)), wrong)
        right = [index for at, index in enumerate(rows) if at not in wrong] if wrong else rows
        items = list(map(self._made, right, given))
        if not wrong:
            return Parsed(items, [], said)
        invalid = [self._invalid(i, cells[at]) for at, i in enumerate(rows) if at in wrong]
        return Parsed(items, invalid, said)

    def _invalid(self, index: int, cells: list[str]) -> Invalid:
        item = self._parse(self._rows.raw(cells), index)
        assert isinstance(item, Invalid)  # noqa: S101  (both ways judge by the same rules)
        return item

    def column_of(self, pointer: str) -> str | None:
        """The file's column to blame for a fault, if it is one."""
        place = pointer
        while place:
            if place in self._columns:
                return self._columns[place]
            place = place.rpartition("/")[0]
        within = [name for place, name in self._columns.items() if place.startswith(f"{pointer}/")]
        return within[0] if len(within) == 1 else None

    def campaign_of(self, cells: list[str]) -> str | None:
        """How the row names its campaign; None if it does not, or as none can be named."""
        return None if self._campaign_at is None else self._campaign.of(cells[self._campaign_at])

    def is_prompt(self, cells: list[str]) -> bool:
        """Whether the row says it was raised on purpose."""
        if self._prompt_at is None:
            return False
        return self._prompt.raw(cells[self._prompt_at]) is True
