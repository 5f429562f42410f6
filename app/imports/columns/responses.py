"""A response as a row of a file gives it. Nearly all of a file's people need not be made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from app.imports.columns.parts import Values
from app.people.schemas import PersonUpsert


@dataclass(slots=True)
class ResponseRow:
    """One response; who responded is made of the row's values when somebody asks."""

    external_id: str | None
    campaign: str
    member_status: str | None
    responded_at: datetime | None
    score: int | None
    attributes: dict[str, Any] | None
    response_prompt: bool
    asks_for_scoring: bool
    _people: Values[PersonUpsert]
    _at: int
    _person: PersonUpsert | None = None

    @property
    def person(self) -> PersonUpsert:
        """Who responded."""
        if self._person is None:
            self._person = self._people.made(self._at)
        return self._person


def rows_of(
    fields: Mapping[str, Sequence[Any]], people: Values[PersonUpsert]
) -> Iterable[ResponseRow]:
    """Rows of valid values; None is what a row does not give, and each gives its campaign."""
    nothing = repeat(None)
    return map(
        ResponseRow,
        fields.get("external_id", nothing),
        fields["campaign"],
        fields.get("member_status", nothing),
        fields.get("responded_at", nothing),
        fields.get("score", nothing),
        fields.get("attributes", nothing),
        map(bool, fields.get("response_prompt", nothing)),
        map(bool, people.fields.get("do_pending_scoring", nothing)),
        repeat(people),
        range(len(fields["campaign"])),
    )
