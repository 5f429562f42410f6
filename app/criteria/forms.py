"""Reading texts: case, plain numbers, moments. The Python twin of the SQL functions."""

import re
from datetime import datetime
from decimal import Decimal

from app.criteria.sql_functions import LOCAL_TIMESTAMP, MAX_NUMBER_LENGTH, NUMBER, TIMESTAMP

_NUMBER = re.compile(NUMBER)
_TIMESTAMP = re.compile(TIMESTAMP)
_LOCAL_TIMESTAMP = re.compile(LOCAL_TIMESTAMP)


def fold(text: str) -> str:
    """Lower-case letter by letter, as PostgreSQL's `lower()` does.

    Unlike `str.lower`, no letter becomes two (İ is i) and none looks at its neighbours (Σ is
    always σ). Equal to `lower()` under the builtin and libc providers with a UTF-8 locale, for
    letters that both versions of Unicode know.
    """
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := letter.lower()) == 1 else "i" for letter in text)


def read_number(text: str) -> Decimal | None:
    """The value of a plain decimal number such as `-12.50`, or None."""
    is_plain = len(text) <= MAX_NUMBER_LENGTH and _NUMBER.fullmatch(text)
    return Decimal(text) if is_plain else None


def read_timestamp(text: str) -> datetime | None:
    """The moment of an RFC 3339 text with an offset, cut to microseconds, or None.

    The moment keeps its offset: some at the very end of year 9999 do not exist in UTC.
    """
    return datetime.fromisoformat(text.upper()) if _TIMESTAMP.fullmatch(text) else None


def lacks_zone(text: str) -> bool:
    """Whether the text would be a moment if only it said its offset."""
    return _LOCAL_TIMESTAMP.fullmatch(text) is not None


def has_bad_text(text: str) -> bool:
    """Whether the text holds what no database text can: NUL or half of a surrogate pair."""
    return any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)
