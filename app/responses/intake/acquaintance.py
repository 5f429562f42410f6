"""Whether the rows of a file are about people who are there already, and told nothing new. Pure.

    names first     everybody whom the rows may mean ─▶ those of them met after that
    met by name     rows met by the name that they give ─▶ whom the others may mean, if any

Met by name, a person is looked for once instead of twice; but whoever is not met was looked for
in vain. Files are of one kind from end to end, so what the last chunk was tells what the next is.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.responses.intake.said import Said

_CLOSE = 0.8


class Name(StrEnum):
    """By which of their names people are found, as the column is called."""

    ID = "id"
    EXTERNAL_ID = "external_id"
    EMAIL = "email_folded"


@dataclass(slots=True)
class Acquaintance:
    """How well the people of one file are known."""

    is_close: bool = False

    def note(self, met: int, rows: int) -> None:
        """Remember how many rows of a chunk were met."""
        if rows:
            self.is_close = met >= rows * _CLOSE


def name_of(said: Said) -> Name | None:
    """The name by which each of these people would be found first; None if it is not the same of
    all.

    An id is none to be met by: whom it means is known without looking.
    """
    if not _is_silent(said, "id"):
        return None
    if None not in said.get("external_id", (None,)):
        return Name.EXTERNAL_ID
    if _is_silent(said, "external_id") and None not in said.get("email", (None,)):
        return Name.EMAIL
    return None


def _is_silent(said: Said, field: str) -> bool:
    return all(value is None for value in said.get(field, ()))
