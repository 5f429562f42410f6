"""The whole way from a file's blocks to its records."""

from collections.abc import Iterator

from app.imports.formats.format import FileType, Format, Limits
from app.imports.formats.objects import Objects
from app.imports.formats.records import Record, Records
from app.imports.formats.tables import Table
from app.imports.formats.text import Decoder
from app.imports.formats.unpacking import unpacker_of


def reader_of(format: Format, *, limits: Limits | None = None) -> "FileReader":  # noqa: A002  (the word of the API)
    """A reader for a file in this format."""
    return FileReader(format, limits or Limits())


class FileReader:
    """Reads one file; see `Reader`."""

    def __init__(self, format: Format, limits: Limits) -> None:  # noqa: A002  (the word of the API)
        self._unpacker = unpacker_of(format.compression, limits)
        self._decoder = Decoder(format.encoding)
        self._splitter: Table | Objects
        if format.type is FileType.CSV:
            self._splitter = Table(format.delimiter.character, format.encoding, limits)
        else:
            self._splitter = Objects(format.encoding, limits)

    @property
    def columns(self) -> list[str]:
        """CSV: the header's names, once it was read. NDJSON: the keys met so far, in order."""
        return self._splitter.columns

    def feed(self, block: bytes) -> list[Record]:
        """The records that are complete with this block; raises FileRefused."""
        return [record for portion in self.portions(block) for record in portion]

    def portions(self, block: bytes) -> Iterator[Records]:
        """As `feed`, a part at a time: a packed block may hold a thousand times its size."""
        for plain in self._unpacker.feed(block):
            if records := self._split(plain):
                yield records

    def finish(self) -> list[Record]:
        """The last records, the file being over; raises FileRefused."""
        records: list[Record] = []
        for plain in self._unpacker.finish():
            records.extend(self._split(plain))
        records.extend(self._split(b"", is_last=True))
        records += self._splitter.finish()
        return records

    def _split(self, plain: bytes, *, is_last: bool = False) -> Records:
        text = self._decoder.feed(plain, is_last=is_last)
        return self._splitter.feed(text, is_suspect=self._decoder.is_suspect)
