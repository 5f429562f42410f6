"""Which column of a CSV file leads to which field. Pure."""

from collections.abc import Mapping, Sequence

from app.core.errors import Fault
from app.core.faults import pointer_to
from app.imports.columns.errors import (
    AmbiguousColumn,
    MissingColumn,
    UnknownColumn,
    UnknownMapping,
)
from app.imports.columns.fields import Path, path_of
from app.models.states import UploadObject

# A file column → the field it leads to; None: it is ignored.
ColumnMapping = Mapping[str, str | None]

# What the failed file of an import says of each row; sent again, corrected, it says nothing.
SAID_OF_FAILURES = ("error_code", "error_column", "error")
_IDENTITIES: Mapping[UploadObject, tuple[Path, ...]] = {
    UploadObject.RESPONSES: (("person", "id"), ("person", "external_id"), ("person", "email")),
    UploadObject.PEOPLE: (("id",), ("external_id",), ("email",)),
    UploadObject.PARTICIPANTS: (("person",), ("external_id",), ("email",), ("response",)),
}


def match(
    columns: Sequence[str],
    mapping: ColumnMapping | None,
    of: UploadObject,
    *,
    has_campaign: bool = False,
    has_sequence: bool = False,
) -> dict[int, Path]:
    """The field of each column that is not ignored, by the column's position from 0.

    Raises:
        UnknownMapping: it names a column that is not there.
        UnknownColumn: one leads to no field; its faults name all of them.
        AmbiguousColumn: two lead to one field, or one to a part of the other's.
        MissingColumn: none leads to a field that every row needs.
    """
    given = {column.strip(): field for column, field in (mapping or {}).items()}
    _check_keys(given, columns)
    paths: dict[int, Path] = {}
    unknown = []
    for position, column in enumerate(columns):
        field = given.get(column, None if column in SAID_OF_FAILURES else column)
        if field is None:
            continue
        path = path_of(field, of)
        if path is None:
            said = f"Column {position + 1} leads to no field."
            unknown.append(Fault(f"/columns/{position}", "unknown_column", said))
        else:
            paths[position] = path
    if unknown:
        raise UnknownColumn(faults=unknown)
    _check_overlaps(paths)
    _check_needs(set(paths.values()), of, has_campaign=has_campaign)
    if of is UploadObject.PARTICIPANTS and not has_sequence and ("sequence",) not in paths.values():
        raise MissingColumn(field="sequence")
    return paths


def check_fields(mapping: ColumnMapping | None, of: UploadObject) -> None:
    """Refuse a mapping to what is no field; for files whose columns are not known beforehand.

    Raises:
        UnknownColumn: its faults name all of them.
    """
    unknown = [
        Fault(pointer_to([column], "/mapping"), "unknown_column", "The mapping names no field.")
        for column, field in (mapping or {}).items()
        if field is not None and path_of(field, of) is None
    ]
    if unknown:
        raise UnknownColumn(faults=unknown)


def _check_keys(mapping: ColumnMapping, columns: Sequence[str]) -> None:
    missing = [
        Fault(
            pointer_to([column], "/mapping"),
            "unknown_mapping",
            f"Entry {position} of the mapping is no column of the file.",
        )
        for position, column in enumerate(mapping, start=1)
        if column not in columns
    ]
    if missing:
        raise UnknownMapping(faults=missing)


def _check_overlaps(paths: Mapping[int, Path]) -> None:
    taken: dict[Path, int] = {}
    whole: dict[Path, int] = {}
    for position, path in paths.items():
        parts = [path[:length] for length in range(1, len(path) + 1)]
        # Either it lies within an earlier one's field, or an earlier one's within its own.
        earlier = next((whole[part] for part in parts if part in whole), taken.get(path))
        if earlier is not None:
            raise AmbiguousColumn(
                faults=[
                    Fault(f"/columns/{at}", "ambiguous_column", f"Column {at + 1} leads there.")
                    for at in (earlier, position)
                ],
                earlier=earlier + 1,
                column=position + 1,
            )
        whole[path] = position
        for part in parts:
            taken.setdefault(part, position)


def _check_needs(paths: set[Path], of: UploadObject, *, has_campaign: bool) -> None:
    if of is UploadObject.RESPONSES and not has_campaign and ("campaign",) not in paths:
        raise MissingColumn(field="campaign")
    identities = _IDENTITIES[of]
    if not paths & {*identities, ("person",)}:
        *others, last = (".".join(path) for path in identities)
        raise MissingColumn(field=f"{', '.join(others)} or {last}")
