"""Whether the rows of a file are about people who are there already, and told nothing new. Pure.

    names first     everybody whom the rows may mean ─▶ those of them met after that
    met by name     rows met by the name that they give ─▶ whom the others may mean, if any

Met by name, a person is looked for once instead of twice; but whoever is not met was looked for
in vain. Files are of one kind from end to end, so what the last chunk was tells what the next is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.responses.schemas import PersonIn

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


def name_of(people: Sequence[PersonIn]) -> Name | None:
    """The name by which each of these would be found first; None if it is not the same of all.

    An id is none to be met by: whom it means is known without looking.
    """
    if any(person.id is not None for person in people):
        return None
    with_external_id = sum(person.external_id is not None for person in people)
    if with_external_id == len(people):
        return Name.EXTERNAL_ID
    if with_external_id == 0 and all(person.email is not None for person in people):
        return Name.EMAIL
    return None
