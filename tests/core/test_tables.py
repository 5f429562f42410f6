"""CSV: what comes out is what went in, and nothing of it is a formula."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tables import csv_line, safe

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
DANGEROUS = "=+-@\t\r\n＝＋－＠"


def read(line: str) -> list[list[str]]:
    return list(csv.reader(StringIO(line, newline="")))


@given(cells=st.lists(TEXTS, min_size=1))
def test_raw_cells_are_read_back_as_they_were(cells: list[str]) -> None:
    assert read(csv_line(cells, is_raw=True)) == [cells]


@given(cells=st.lists(TEXTS | st.text(DANGEROUS + "1.,\" '"), min_size=1))
def test_safe_cells_are_read_back_but_for_an_apostrophe(cells: list[str]) -> None:
    (found,) = read(csv_line(cells))

    assert len(found) == len(cells)
    for cell, shown in zip(cells, found, strict=True):
        assert shown in (cell, f"'{cell}")


@given(text=TEXTS | st.text(DANGEROUS + "1.e"))
def test_what_is_safe_is_a_number_or_begins_like_no_formula(text: str) -> None:
    shown = safe(text)

    if shown[:1] and shown[0] in DANGEROUS:
        assert shown == text
        float(shown)


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://evil")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "＝1+1",
        "－1",
        "-",
        "--1",
        "+1 2",
        "-1\n",
        "-٣",
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert safe(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell", ["", "-1", "+4930123456", "-12.50", "-1e-9", "a=1", " x", "Grüße", "'=1", "1-2"]
)
def test_everything_else_stays(cell: str) -> None:
    assert safe(cell) == cell


def test_values_are_written_as_the_api_writes_them() -> None:
    noon = datetime(2026, 3, 10, 13, tzinfo=timezone(timedelta(hours=1)))
    exact = datetime(2026, 3, 10, 12, 0, 0, 5, tzinfo=UTC)

    line = csv_line([None, True, False, -7, noon, exact, {"a": ["ü"]}, "x"])

    assert read(line) == [
        [
            *("", "true", "false", "-7", "2026-03-10T12:00:00Z"),
            *("2026-03-10T12:00:00.000005Z", '{"a": ["ü"]}', "x"),
        ]
    ]


def test_a_line_with_one_empty_cell_is_not_an_empty_line() -> None:
    assert read(csv_line([None])) == [[""]]
