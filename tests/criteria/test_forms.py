"""How Python and PostgreSQL read the same text: case, numbers, moments."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.criteria.forms import fold, read_number, read_timestamp
from app.criteria.sql_functions import SQL_FUNCTIONS
from tests.criteria.generator import LAST_MOMENT, ODD_MOMENTS, TEXTS, WRITTEN_NUMBERS
from tests.criteria.rows import Tables, open_tables

LETTERS = [chr(code) for code in range(0x20, 0x0590)] + ["ẞ", "ﬁ", "Ａ", "𐐀"]
DAYS = [
    f"{year}-{month:02}-{day:02}T10:00:00Z"
    for year in (1000, 1900, 2000, 2023, 2024, 2100, 9999)
    for month in range(14)
    for day in range(33)
]
TIMES = [
    f"2026-03-10T{time}{zone}"
    for time in ("00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "12:00:00.", "12:00")
    for zone in ("Z", "z", "", "+00:00", "-00:00", "+14:59", "+15:00", "+1:00", "+01", "UTC", "Z\n")
]
FRACTIONS = [f"2026-03-10T12:00:00.{'987654321'[:digits]}+05:45" for digits in range(1, 10)]


@pytest_asyncio.fixture(scope="module")
async def tables(database_url: str) -> AsyncIterator[Tables]:
    async with open_tables(database_url) as tables:
        yield tables


async def ask_sql(tables: Tables, function: str, texts: list[str]) -> list[object]:
    """What a function of PostgreSQL returns for each text."""
    found = await tables.connection.fetch(
        f"SELECT {function}(value) FROM unnest($1::text[]) WITH ORDINALITY AS given(value, n)"
        " ORDER BY n",
        texts,
    )
    return [row[0] for row in found]


async def test_fold_is_lower_for_ordinary_letters(tables: Tables) -> None:
    texts = [*LETTERS, *TEXTS]

    assert await ask_sql(tables, "lower", texts) == [fold(one) for one in texts]


async def test_numbers_are_read_alike(tables: Tables) -> None:
    texts = [*TEXTS, *WRITTEN_NUMBERS, "", "-", "--1", "0x10", "1_000", "9" * 100, "9" * 101]

    assert await ask_sql(tables, "penstock_number", texts) == [read_number(one) for one in texts]


async def test_moments_are_read_alike_and_impossible_ones_are_missing(tables: Tables) -> None:
    texts = [*DAYS, *TIMES, *FRACTIONS, *TEXTS, *ODD_MOMENTS, ""]
    texts.remove(LAST_MOMENT)

    read = [read_timestamp(one) for one in texts]

    assert await ask_sql(tables, "penstock_timestamp", texts) == read
    assert sum(moment is not None for moment in read) > 7 * 365


async def test_the_last_moments_of_the_calendar_do_no_harm(tables: Tables) -> None:
    assert await ask_sql(tables, "now() < penstock_timestamp", [LAST_MOMENT]) == [True]


@pytest.mark.parametrize("function", SQL_FUNCTIONS)
def test_a_migration_may_pass_the_functions_through_sqlalchemy(function: str) -> None:
    assert not text(function).compile().params
    assert "\\" not in function
