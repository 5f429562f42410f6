"""The table, on the terminal and between its marks in RESULTS.md."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.rows import Row

RESULTS = Path(__file__).with_name("RESULTS.md")
_BEGIN, _END = "<!-- table -->", "<!-- /table -->"
_HEAD = ("Measure", "What", "Ours", "Rival", "Ratio", "Pairs", "Required", "Aim", "Verdict")
_RIGHT = range(2, 8)


def table(rows: Iterable[Row]) -> str:
    """Rows as Markdown that can also be read as it is."""
    cells = [_HEAD, *(astuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]

    def line(words: Sequence[str]) -> str:
        padded = (
            word.rjust(width) if column in _RIGHT else word.ljust(width)
            for column, (word, width) in enumerate(zip(words, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (w - 1) + ":" if c in _RIGHT else "-" * w for c, w in enumerate(widths)]
    return "\n".join([line(cells[0]), line(rule), *(line(words) for words in cells[1:])])


def page(facts: Iterable[str], rows: Iterable[Row], *, pairs: int, seconds: float) -> str:
    """Facts, then the table."""
    measured = f"{datetime.now(UTC):%Y-%m-%d}, {pairs} pairs, {seconds / 60:.0f} minutes"
    listed = "\n".join(f"- {fact}" for fact in (measured, *facts))
    return f"{listed}\n\n{table(rows)}"


def write(text: str) -> None:
    """Put it between the marks of RESULTS.md; everything else there stays as it is."""
    before, begin, rest = RESULTS.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{RESULTS.name} has lost its marks {_BEGIN} and {_END}")
    RESULTS.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")
