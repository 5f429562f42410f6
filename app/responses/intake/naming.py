"""Whom rows of a file may mean: everybody who has one of the names that they give.

Statements that ask for it have the account as $1, ids as $2, and as $3 and $4 an external id and a
folded address for each pair.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.driver import Driver, Row
from app.people.rules import fold_email
from app.responses.intake.items import Item
from app.responses.schemas import PersonIn

# Row by row (OFFSET 0): while the table is young, the planner would read the whole account for
# each. An address is looked for only if it is not that of the person who has the external id
# beside it, as it nearly always is.
FOUND = """
  FROM (SELECT array_agg(p.id) AS ids
          FROM unnest($2::uuid[]) AS w(id) CROSS JOIN LATERAL (
               SELECT id FROM people WHERE account_id = $1 AND id = w.id OFFSET 0) p) by_id,
       (SELECT array_agg(p.id ORDER BY w.at) AS with_external_id,
               array_agg(CASE WHEN p.email_folded = w.email THEN p.id ELSE (
                         SELECT id FROM people
                          WHERE account_id = $1 AND email_folded = w.email) END
                         ORDER BY w.at) AS with_email
          FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS w(external_id, email, at)
          LEFT JOIN LATERAL (
               SELECT id, email_folded FROM people
                WHERE account_id = $1 AND external_id = w.external_id OFFSET 0) p ON true) by_names
"""
COLUMNS = "by_id.ids, by_names.with_external_id, by_names.with_email"
_ALONE = f"SELECT {COLUMNS} {FOUND}"


@dataclass(frozen=True, slots=True)
class Named:
    """Everybody whom some rows may mean, by the names that these give."""

    ids: frozenset[UUID]
    external_ids: Mapping[str, UUID]
    emails: Mapping[str, UUID]

    @property
    def people(self) -> set[UUID]:
        """All of them."""
        return {*self.ids, *self.external_ids.values(), *self.emails.values()}

    def meant_by(self, person: PersonIn) -> UUID | None:
        """Whom a row means as things stand: by the first of its names that somebody has."""
        if person.id is not None:
            return person.id if person.id in self.ids else None
        found = None
        if person.external_id is not None:
            found = self.external_ids.get(person.external_id)
        if found is None and person.email is not None:
            found = self.emails.get(fold_email(person.email))
        return found

    def touched_by(self, items: Iterable[Item]) -> set[UUID]:
        """Everybody who has one of the names that these rows give."""
        found = set()
        for person in (item.given.person for item in items):
            if person.id in self.ids:
                found.add(person.id)
            if person.external_id is not None and person.external_id in self.external_ids:
                found.add(self.external_ids[person.external_id])
            if person.email is not None and (email := fold_email(person.email)) in self.emails:
                found.add(self.emails[email])
        return found


@dataclass(frozen=True, slots=True)
class Names:
    """What rows call people: ids, and of each other pair the external id and the folded address."""

    ids: list[UUID]
    external_ids: list[str | None]
    emails: list[str | None]

    @classmethod
    def of(cls, people: Iterable[PersonIn]) -> "Names":
        """All that these rows say, each once."""
        ids, pairs = set(), set()
        for person in people:
            if person.id is not None:
                ids.add(person.id)
            email = None if person.email is None else fold_email(person.email)
            if person.external_id is not None or email is not None:
                pairs.add((person.external_id, email))
        return cls(list(ids), [one for one, _ in pairs], [email for _, email in pairs])

    def found(self, row: Row) -> Named:
        """Who has them, from a row with COLUMNS."""
        return Named(
            frozenset(row["ids"] or ()),
            _those_found(self.external_ids, row["with_external_id"]),
            _those_found(self.emails, row["with_email"]),
        )


async def find_people(driver: Driver, account_id: UUID, given: Iterable[PersonIn]) -> Named:
    """Everybody of an account whom any of these may mean, by id, external id or address."""
    names = Names.of(given)
    row = await driver.fetchrow(_ALONE, account_id, names.ids, names.external_ids, names.emails)
    assert row is not None  # noqa: S101  (a SELECT of aggregates)
    return names.found(row)


def _those_found(
    names: Sequence[str | None], found: Sequence[UUID | None] | None
) -> dict[str, UUID]:
    pairs = zip(names, found or (), strict=True)
    return {name: id_ for name, id_ in pairs if name is not None and id_ is not None}
