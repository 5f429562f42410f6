"""What reading a file yields: a record, or why this one cannot be read. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class RowFault(NamedTuple):
    """What is wrong with one row: a stable code, the file's column if one is to blame, a sentence.

    The sentence names the line, and never repeats what the cell holds.
    """

    code: str
    column: str | None
    detail: str


class Record(NamedTuple):
    """One data record. `cells` are those of a CSV row, one each column of the header, or the one
    text of an NDJSON line. With a `fault` they are what could be kept of it.

    `line` is the physical line on which it begins, from 1, the header included.
    """

    line: int
    cells: list[str]
    fault: RowFault | None = None


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Neighbouring rows of a CSV file, each of one line, as their text: nearly all of most files.

    There is no quote in them, and each has as many cells as the header, so that they are taken
    apart where the cells are wanted. `line` is the number of the first.
    """

    line: int
    texts: list[str]
    delimiter: str

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[Record]:
        for line, text in enumerate(self.texts, self.line):
            yield Record(line, text.split(self.delimiter))


Records = list[Record] | PlainLines


class Reader(Protocol):
    """Splits a file into records, block by block; memory does not grow with the file."""

    @property
    def columns(self) -> list[str]:
        """CSV: the header's names, once it was read. NDJSON: the keys met so far, in order."""
        ...

    def portions(self, block: bytes) -> Iterator[Records]:
        """The records that are complete with this block, a part at a time.

        Raises:
            FileRefused: the file as a whole makes no sense.
        """
        ...

    def finish(self) -> list[Record]:
        """The last records, the file being over; raises FileRefused as well."""
        ...
