"""What rows say of their people, a column for each field. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from app.people.rules import fold_email
from app.responses.schemas import PersonIn

# Values by field and by the row's place; None is what a row does not say.
Said = Mapping[str, Sequence[Any]]


def said_of(people: Iterable[PersonIn]) -> Said:
    """Everything that is said of these people."""
    listed = list(people)
    fields = set().union(*(person.model_fields_set for person in listed))
    return {name: list(map(attrgetter(name), listed)) for name in sorted(fields)}


def folded_emails(said: Said) -> list[str | None]:
    """The addresses in the form by which they are the same."""
    return [None if email is None else fold_email(email) for email in said["email"]]


def sharing(said: Said, places: Collection[int]) -> set[int]:
    """The places of rows that give a name which one of these gives, too; these among them."""
    found: set[int] = set()
    for name in said.keys() & {"id", "external_id", "email"}:
        values = folded_emails(said) if name == "email" else said[name]
        wanted = {values[at] for at in places} - {None}
        found.update(at for at, value in enumerate(values) if value in wanted)
    return found
