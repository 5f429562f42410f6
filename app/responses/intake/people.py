"""The people of one transaction, found and merged in memory. Pure.

An e-mail address that a person gives up within a transaction goes on naming that person until
the transaction ends, so that the order of items never makes one person two.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.values import ATTRIBUTES_BYTES
from app.models.states import PersonKind
from app.people.rules import fold_email
from app.responses.intake.rules import Caution, Reason
from app.responses.schemas import PersonIn

# Columns an item may set as they are; identity and attributes have rules of their own.
PLAIN_FIELDS = (
    "kind", "first_name", "last_name", "title", "company", "phone", "country", "industry",
    "lead_source", "score", "owner", "opted_out", "email_opted_out", "sms_opted_out",
)  # fmt: skip
FIELDS = ("email", "email_folded", "external_id", *PLAIN_FIELDS, "attributes")
_NEW: dict[str, Any] = {
    **dict.fromkeys(FIELDS),
    "kind": PersonKind.LEAD.value,
    "score": 0,
    "opted_out": False,
    "email_opted_out": False,
    "sms_opted_out": False,
    "attributes": {},
}


@dataclass(slots=True)
class PersonState:
    """A person as it stands within the transaction; `stored` is what its row has.

    Those that this transaction makes have none.
    """

    account_id: UUID
    id: UUID
    values: dict[str, Any]
    stored: dict[str, Any] | None = None

    @property
    def changed(self) -> set[str]:
        """The fields in which its row has to be written again."""
        stored = self.stored
        # Most people of a file are there already and told nothing new.
        if stored is None or (
            self.values == stored and not _differs(stored["attributes"], self.values["attributes"])
        ):
            return set()
        return {name for name, value in self.values.items() if _differs(stored[name], value)}


class People:
    """Everyone the items of a transaction name, by each of their identities.

    Args:
        known: who was there before, as they are stored.
    """

    def __init__(self, known: Iterable[PersonState] = ()) -> None:
        self.by_id: dict[tuple[UUID, UUID], PersonState] = {}
        self._by_external: dict[tuple[UUID, str], PersonState] = {}
        self._by_email: dict[tuple[UUID, str], PersonState] = {}
        for person in known:
            self.add(replace(person, values=dict(person.values)))

    def add(self, person: PersonState) -> None:
        """Make a person known by all its identities."""
        account = person.account_id
        self.by_id[account, person.id] = person
        if person.values["external_id"] is not None:
            self._by_external[account, person.values["external_id"]] = person
        if person.values["email_folded"] is not None:
            self._by_email[account, person.values["email_folded"]] = person

    def find(self, account_id: UUID, given: PersonIn) -> PersonState | Reason | None:
        """Whom an item names; None if nobody yet; a reason if it can be nobody."""
        if given.id is not None:
            return self.by_id.get((account_id, given.id), Reason.PERSON_NOT_FOUND)
        if given.external_id is None and given.email is None:
            return Reason.PERSON_WITHOUT_IDENTITY
        found = None
        if given.external_id is not None:
            found = self._by_external.get((account_id, given.external_id))
        if found is None and given.email is not None:
            found = self._by_email.get((account_id, fold_email(given.email)))
        return found

    def create(self, account_id: UUID) -> PersonState:
        """A new lead, still without any field."""
        person = PersonState(account_id, uuid7(), {**_NEW, "attributes": {}})
        self.by_id[account_id, person.id] = person
        return person

    def created(self) -> list[PersonState]:
        """Those that this transaction makes, in the order of their items."""
        return [person for person in self.by_id.values() if person.stored is None]

    def changed(self) -> list[PersonState]:
        """Those who were there before and differ now."""
        return [person for person in self.by_id.values() if person.changed]

    def merge(self, person: PersonState, given: PersonIn) -> list[Caution]:
        """Merge the given fields; an absent or null one never erases."""
        warnings: list[Caution] = []
        is_whole = [self._merge_external_id(person, given), self._merge_email(person, given)]
        if not all(is_whole):
            warnings.append(Caution.IDENTITY_CONFLICT)
        for name in PLAIN_FIELDS:
            value = getattr(given, name)
            if value is not None:
                person.values[name] = str(value) if name == "kind" else value
        if given.attributes:
            known = {name: v for name, v in given.attributes.items() if v is not None}
            merged = person.values["attributes"] | known
            if is_too_large(merged):
                warnings.append(Caution.ATTRIBUTES_TOO_LARGE)
            else:
                person.values["attributes"] = merged
        return warnings

    def _merge_external_id(self, person: PersonState, given: PersonIn) -> bool:
        """Write the external id unless it is another's, or would replace one found by e-mail."""
        if given.external_id is None or given.external_id == person.values["external_id"]:
            return True
        key = (person.account_id, given.external_id)
        is_replacing = person.values["external_id"] is not None and given.id is None
        if is_replacing or self._by_external.get(key, person) is not person:
            return False
        person.values["external_id"] = given.external_id
        self._by_external[key] = person
        return True

    def _merge_email(self, person: PersonState, given: PersonIn) -> bool:
        """Write the address unless it is another's."""
        if given.email is None:
            return True
        folded = fold_email(given.email)
        if self._by_email.get((person.account_id, folded), person) is not person:
            return False
        person.values |= {"email": given.email, "email_folded": folded}
        self._by_email[person.account_id, folded] = person
        return True


def is_too_large(attributes: dict[str, Any]) -> bool:
    """Whether merged attributes outgrow what a record may carry."""
    return len(json.dumps(attributes, ensure_ascii=False).encode()) > ATTRIBUTES_BYTES


def _differs(stored: Any, value: Any) -> bool:
    """Whether they are not the same; in attributes, 1, 1.0 and true are not."""
    return stored != value or (isinstance(value, dict) and repr(stored) != repr(value))
