"""CSV rows become items: the quick way, and for rows with a fault the API's own way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from app.core.faults import pointer_to
from app.imports.columns.cells import Campaign, CellReader
from app.imports.columns.fields import Path
from app.imports.columns.participants import ParticipantRow
from app.imports.columns.parts import Part
from app.people.schemas import PersonUpsert
from app.responses.intake.items import Invalid
from app.responses.schemas import ResponseCreate

M = TypeVar("M")
T = TypeVar("T")
M_co = TypeVar("M_co", covariant=True)


class Rows(Protocol[M_co]):
    """Reads all columns of a row."""

    def given(self, cells: list[str]) -> M_co:
        """What the row gives; raises ValueError if anything of it is wrong."""
        ...

    def raw(self, cells: list[str]) -> dict[str, Any]:
        """What JSON would say for the row."""
        ...


class PersonRows:
    """Rows of a file of people."""

    def __init__(self, paths: Mapping[int, Path]) -> None:
        self._part = Part(PersonUpsert, paths.items())
        self.raw = self._part.raw

    def given(self, cells: list[str]) -> PersonUpsert:
        return self._part.made(self._part.values(cells))


class ParticipantRows:
    """Rows of a file of participants."""

    def __init__(self, paths: Mapping[int, Path]) -> None:
        self._part = Part(ParticipantRow, paths.items())
        self.raw = self._part.raw

    def given(self, cells: list[str]) -> ParticipantRow:
        return self._part.made(self._part.values(cells))


class ResponseRows:
    """Rows of a file of responses; `campaign` is for those that name none."""

    def __init__(self, paths: Mapping[int, Path], campaign: str | None) -> None:
        inner = [(at, path[1:]) for at, path in paths.items() if path[0] == "person" and path[1:]]
        own = [(at, path) for at, path in paths.items() if (at, path[1:]) not in inner]
        self._own = Part(ResponseCreate, own)
        self._person = Part(PersonUpsert, inner) if inner else None
        self._campaign = None
        self._raw_campaign = campaign
        if campaign is not None:
            self._campaign = CellReader(ResponseCreate, "campaign").read(campaign, 0)

    def given(self, cells: list[str]) -> ResponseCreate:
        values = self._own.values(cells)
        if self._campaign is not None and "campaign" not in values:
            values["campaign"] = self._campaign
        if self._person is not None:
            values["person"] = self._person.made(self._person.values(cells))
        return self._own.made(values)

    def raw(self, cells: list[str]) -> dict[str, Any]:
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

    def parse(self, index: int, cells: list[str]) -> T | Invalid:
        """The item of one row, or every place where it is wrong, as the API would name it."""
        try:
            return self._made(index, self._rows.given(cells))
        except ValueError:
            return self._parse(self._rows.raw(cells), index)

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
