"""What a file's columns come to: how to make an item of each record."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from app.imports.columns.lines import LinePlan
from app.imports.columns.matching import ColumnMapping, check_fields, match
from app.imports.columns.parsed import Parsed
from app.imports.columns.participants import (
    ParticipantItem,
    ParticipantRow,
    parse_participant,
)
from app.imports.columns.people import PersonItem, parse_person
from app.imports.columns.rows import ModelRows, ResponseRows, RowPlan
from app.imports.formats.format import FileType
from app.models.states import UploadObject
from app.people.schemas import PersonUpsert
from app.responses.intake.items import Item, parse_item

AnyItem = Item | PersonItem | ParticipantItem
T_co = TypeVar("T_co", bound=AnyItem, covariant=True)


class Plan(Protocol[T_co]):
    """Reads the records of one file. Not for two threads at once: it remembers values."""

    def parse(self, rows: Mapping[int, list[str]]) -> Parsed[T_co]:
        """The items of records by their index, and of the others every place where they are wrong,
        as the API would name it.
        """
        ...

    def column_of(self, pointer: str) -> str | None:
        """The file's column to blame for a fault, if it is one.

        Of NDJSON, for records that were parsed before.
        """
        ...

    @property
    def depth(self) -> int:
        """How many first cells of a row the next two ask for; the rest may be one text."""
        ...

    def campaign_of(self, cells: list[str]) -> str | None:
        """How the record names its campaign; None if it does not, or as none can be named.

        Safe to look for in the database. Never raises.
        """
        ...

    def is_prompt(self, cells: list[str]) -> bool:
        """Whether the record says it was raised on purpose. Never raises."""
        ...


AnyPlan = Plan[Item] | Plan[PersonItem] | Plan[ParticipantItem]


def plan_of(
    of: UploadObject,
    type: FileType,  # noqa: A002  (the word of the API)
    columns: Sequence[str],
    mapping: ColumnMapping | None,
    *,
    campaign: str | None = None,
    has_sequence: bool = False,
) -> AnyPlan:
    """The plan for any file.

    Args:
        has_sequence: all of its participants come into one that is known already.
    """
    if of is UploadObject.PEOPLE:
        return plan_of_people(type, columns, mapping)
    if of is UploadObject.PARTICIPANTS:
        return plan_of_participants(type, columns, mapping, has_sequence=has_sequence)
    return plan_of_responses(type, columns, mapping, campaign=campaign)


def plan_of_responses(
    type: FileType,  # noqa: A002  (the word of the API)
    columns: Sequence[str],
    mapping: ColumnMapping | None,
    *,
    campaign: str | None = None,
) -> Plan[Item]:
    """The plan for a file of responses.

    Args:
        columns: of the header; of no account for NDJSON, where each record has its own.
        mapping: file column → field; None ignores the column; columns left out go by their name.
        campaign: code or id of one that exists, for records that name none.

    Raises:
        FileRefused: the columns make no sense.
    """
    of = UploadObject.RESPONSES
    if type is FileType.NDJSON:
        check_fields(mapping, of)
        return LinePlan(of, mapping, parse_item, campaign=campaign)
    paths = match(columns, mapping, of, has_campaign=campaign is not None)
    return RowPlan(columns, paths, ResponseRows(paths, campaign), Item, parse_item)


def plan_of_people(
    type: FileType,  # noqa: A002  (the word of the API)
    columns: Sequence[str],
    mapping: ColumnMapping | None,
) -> Plan[PersonItem]:
    """The plan for a file of people; see `plan_of_responses`."""
    of = UploadObject.PEOPLE
    if type is FileType.NDJSON:
        check_fields(mapping, of)
        return LinePlan(of, mapping, parse_person, campaign=None)
    paths = match(columns, mapping, of)
    return RowPlan(columns, paths, ModelRows(PersonUpsert, paths), PersonItem, parse_person)


def plan_of_participants(
    type: FileType,  # noqa: A002  (the word of the API)
    columns: Sequence[str],
    mapping: ColumnMapping | None,
    *,
    has_sequence: bool,
) -> Plan[ParticipantItem]:
    """The plan for a file of participants; see `plan_of_responses`."""
    of = UploadObject.PARTICIPANTS
    if type is FileType.NDJSON:
        check_fields(mapping, of)
        return LinePlan(of, mapping, parse_participant, campaign=None)
    paths = match(columns, mapping, of, has_sequence=has_sequence)
    rows = ModelRows(ParticipantRow, paths)
    return RowPlan(columns, paths, rows, ParticipantItem, parse_participant)
