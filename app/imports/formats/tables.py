"""CSV: lines become rows. Nothing but a header that makes no sense spoils more than one row.

block ─▶ no quote in it, all of one width ─▶ as it is                          (nearly all are)
  └───▶ line …

line ─▶ no quote ─▶ cells
  └───▶ quotes ───▶ closed ─▶ cells
          └───────▶ open ───▶ next line … ─▶ closed ─▶ cells
                      └─▶ end of file, limit, or text behind the closing quote:
                          the first line alone fails, and reading goes on with the second
"""

from itertools import repeat

from app.imports.formats.errors import BadHeader, EmptyFile
from app.imports.formats.format import Limits
from app.imports.formats.header import names_of
from app.imports.formats.lines import Lines
from app.imports.formats.quoting import QUOTE, Ending, Quoting
from app.imports.formats.records import PlainLines, Record, Records, RowFault
from app.imports.formats.text import cleaned, is_clean, is_larger

_KEPT_OF_CELL = 1_000
# The constructor of a named tuple takes nearly as long as taking the line apart.
_new = tuple.__new__


class Table:
    """Splits the text of a CSV file."""

    def __init__(self, delimiter: str, encoding: str, limits: Limits) -> None:
        self._delimiter = delimiter
        self._encoding = encoding.upper()
        self._limits = limits
        # Up to this, no line can be too large.
        self._short = limits.max_record_bytes // 4
        self._quoting = Quoting(delimiter)
        self._lines = Lines(limits.max_record_bytes, may_end_in_cr=True)
        self._line = 1
        # The lines of a record whose quote is open behind the last of them.
        self._held: list[str] = []
        # Lines before this one that open a quote fail as the one before them did: its quote was
        # open at their end too, so looking on would come to the same place again and again.
        self._doomed_before = 0
        self._doom = ("", "")
        self._is_suspect = False
        self.columns: list[str] = []

    def feed(self, text: str, *, is_suspect: bool = False) -> Records:
        """The rows that are complete with this text."""
        self._is_suspect = is_suspect
        lines = self._lines.feed(text)
        if not lines:
            return []
        if QUOTE not in text and not self._held and not is_suspect:
            plain = self._plain(lines)
            if plain is not None:
                return plain
        return self._rows(lines, is_last=False)

    def finish(self) -> list[Record]:
        """The last rows; raises EmptyFile if there was not even a header."""
        rows = self._rows(self._lines.finish(), is_last=True)
        if not self.columns:
            raise EmptyFile
        return rows

    def _plain(self, lines: list[str]) -> PlainLines | None:
        """The lines as they are, if none takes any care; only the first may have a quote."""
        if not all(lines) or QUOTE in lines[0] or max(map(len, lines)) > self._short:
            return None
        ends = [line[-1] == "\r" for line in lines]
        if any(ends):
            lines = [
                line[:-1] if is_end else line for line, is_end in zip(lines, ends, strict=True)
            ]
        # Without a header the width is 0, which no line has.
        delimiters = set(map(str.count, lines, repeat(self._delimiter)))
        if delimiters != {len(self.columns) - 1} or not all(lines):
            return None
        plain = PlainLines(self._line, lines, self._delimiter)
        self._line += len(lines)
        return plain

    def _rows(self, lines: list[str], *, is_last: bool) -> list[Record]:
        rows: list[Record] = []
        looked = len(self._held)
        if looked:
            lines = self._held + lines
            self._held = []
        at, end = 0, len(lines)
        while at < end:
            line = lines[at]
            if QUOTE in line or self._is_suspect or len(line) > self._short:
                took = self._row(lines, at, looked, is_last=is_last, rows=rows)
                looked = 0
                if not took:
                    self._held = lines[at:]
                    break
                at += took
                self._line += took
                continue
            at += 1
            if line[-1:] == "\r":
                line = line[:-1]
            if line:
                cells = line.split(self._delimiter)
                if len(cells) == len(self.columns):
                    rows.append(_new(Record, (self._line, cells, None)))
                else:
                    self._add(cells, rows)
            self._line += 1
        return rows

    def _row(
        self, lines: list[str], at: int, looked: int, *, is_last: bool, rows: list[Record]
    ) -> int:
        """Read one row that takes more care; the number of its lines, or 0 if some are missing.

        Args:
            looked: how many lines from `at` were looked at before; the quote is open behind them.
        """
        line = lines[at]
        if not looked:
            if is_larger(line, self._limits.max_record_bytes):
                self._add_too_large(line, rows)
                return 1
            cells = self._quoting.cells_of_line(line) if QUOTE in line else self._split(line)
            if cells is not None:
                if line not in ("", "\r"):
                    self._add(cells, rows)
                return 1
            match self._quoting.ending(line, is_open=False):
                case Ending.CLOSED:
                    self._add(self._quoting.cells(line), rows)
                    return 1
                case Ending.BAD:
                    self._fail("bad_quotes", "text stands behind a closing quote", line, rows)
                    return 1
                case Ending.OPEN:
                    if self._line < self._doomed_before:
                        self._fail(*self._doom, line, rows)
                        return 1
                    looked = 1
        return self._long_row(lines, at, looked, is_last=is_last, rows=rows)

    def _long_row(
        self, lines: list[str], at: int, looked: int, *, is_last: bool, rows: list[Record]
    ) -> int:
        """Look for the line that closes the quote."""
        limit = self._limits.max_record_bytes
        length = sum(map(len, lines[at : at + looked])) + looked
        for after in range(at + looked, len(lines)):
            line = lines[after]
            length += len(line) + 1
            number = self._line + after - at
            if length > limit:
                doom = ("unterminated_quote", f"a quote is not closed within {limit} bytes")
                return self._doom_all(doom, number, lines[at], rows)
            if QUOTE not in line:
                continue
            ending = self._quoting.ending(line, is_open=True)
            if ending is Ending.BAD:
                doom = ("bad_quotes", f"text stands behind its closing quote on line {number}")
                return self._doom_all(doom, number, lines[at], rows)
            if ending is Ending.CLOSED:
                text = "\n".join(lines[at : after + 1])
                if is_larger(text, limit):
                    self._add_too_large(text, rows)
                else:
                    self._add(self._quoting.cells(text), rows)
                return after + 1 - at
        if not is_last:
            return 0
        doom = ("unterminated_quote", "a quote is not closed before the file ends")
        return self._doom_all(doom, self._line + len(lines) - at, lines[at], rows)

    def _doom_all(self, doom: tuple[str, str], before: int, line: str, rows: list[Record]) -> int:
        self._doom, self._doomed_before = doom, before
        self._fail(*doom, line, rows)
        return 1

    def _split(self, line: str) -> list[str]:
        return line.removesuffix("\r").split(self._delimiter)

    def _add(self, cells: list[str], rows: list[Record]) -> None:
        """Append a row, or take it for the header if there is none yet."""
        if not self.columns:
            self.columns = names_of(cells, self._line, self._encoding, self._limits.max_columns)
            return
        fault = self._fault_of_letters(cells) if self._is_suspect else None
        width = len(self.columns)
        if len(cells) != width and fault is None:
            has = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
            detail = f"line {self._line}: has {has}, the header has {width}"
            fault = RowFault("wrong_width", None, detail)
        rows.append(Record(self._line, self._fitted(cells), fault))

    def _add_too_large(self, text: str, rows: list[Record]) -> None:
        limit = self._limits.max_record_bytes
        problem = f"is larger than {limit} bytes"
        if not self.columns:
            raise BadHeader(line=self._line, problem=f"it {problem}")
        cells = self._fitted(self._quoting.salvaged(text[:limit], is_cut=True))
        fault = RowFault("record_too_large", None, f"line {self._line}: {problem}")
        rows.append(Record(self._line, [cell[:_KEPT_OF_CELL] for cell in cells], fault))

    def _fail(self, code: str, problem: str, line: str, rows: list[Record]) -> None:
        if not self.columns:
            raise BadHeader(line=self._line, problem=problem)
        cells = self._fitted(self._quoting.salvaged(line.removesuffix("\r")))
        rows.append(
            Record(self._line, cells, RowFault(code, None, f"line {self._line}: {problem}"))
        )

    def _fault_of_letters(self, cells: list[str]) -> RowFault | None:
        for position, cell in enumerate(cells):
            if not is_clean(cell):
                code, problem = "bad_encoding", f"is not {self._encoding}"
            elif "\x00" in cell:
                code, problem = "nul_character", "contains a NUL character"
            else:
                continue
            column = self.columns[min(position, len(self.columns) - 1)]
            return RowFault(code, column, f"line {self._line}: {problem}")
        return None

    def _fitted(self, cells: list[str]) -> list[str]:
        """As many as the header has, and no mark of a bad byte in them."""
        width = len(self.columns)
        if len(cells) > width:
            cells = [*cells[: width - 1], self._delimiter.join(cells[width - 1 :])]
        cells = cells + [""] * (width - len(cells))
        return [cleaned(cell) for cell in cells] if self._is_suspect else cells
