"""What reading a file yields: a record, or why this one cannot be read. Pure."""

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


class Reader(Protocol):
    """Splits a file into records, block by block; memory does not grow with the file."""

    @property
    def columns(self) -> list[str]:
        """CSV: the header's names, once it was read. NDJSON: the keys met so far, in order."""
        ...

    def feed(self, block: bytes) -> list[Record]:
        """The records that are complete with this block.

        Raises:
            FileRefused: the file as a whole makes no sense.
        """
        ...

    def finish(self) -> list[Record]:
        """The last records, the file being over; raises FileRefused as well."""
        ...
