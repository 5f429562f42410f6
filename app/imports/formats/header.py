"""The first row of a CSV file: names that tell the columns apart."""

from collections.abc import Sequence

from app.imports.formats.errors import (
    BadHeader,
    DuplicateColumn,
    LongColumnName,
    TooManyColumns,
    UnnamedColumn,
)
from app.imports.formats.text import is_clean

LONGEST_NAME = 500


def names_of(cells: Sequence[str], line: int, encoding: str, most: int) -> list[str]:
    """The columns' names, without the blanks around them.

    Raises:
        FileRefused: there are too many, or one is no name, or not the only one of its kind.
    """
    if len(cells) > most:
        raise TooManyColumns(most=most)
    names: dict[str, int] = {}
    for column, cell in enumerate(cells, start=1):
        name = cell.strip()
        if not is_clean(name):
            raise BadHeader(line=line, problem=f"it is not {encoding}")
        if "\x00" in name:
            raise BadHeader(line=line, problem="it contains a NUL character")
        if not name:
            raise UnnamedColumn(column=column)
        if len(name) > LONGEST_NAME:
            raise LongColumnName(column=column, most=LONGEST_NAME)
        if name in names:
            raise DuplicateColumn(column=column, earlier=names[name])
        names[name] = column
    return list(names)
