"""The people of one transaction, found and merged in memory. Pure.

An e-mail address that a person gives up within a transaction goes on naming that person until
the transaction ends, so that the order of items never makes one person two.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
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
_PLAIN = frozenset(PLAIN_FIELDS)
FIELDS = ("email", "email_folded", "external_id", *PLAIN_FIELDS, "attributes")
FIELD_TYPES = {"score": "bigint", "attributes": "jsonb"} | dict.fromkeys(
    ("opted_out", "email_opted_out", "sms_opted_out"), "boolean"
)
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

    Those that this transaction makes have none. Until something is changed, `values` is `stored`
    itself: most people of a file are there already and told nothing new.
    """

    account_id: UUID
    id: UUID
    values: dict[str, Any]
    stored: dict[str, Any] | None = None
    # How often its row was written, where that was read.
    version: int | None = None

    def put(self, name: str, value: Any) -> None:
        """Change a field."""
        if self.values is self.stored:
            if self.values[name] == value and name != "attributes":
                return
            self.values = dict(self.stored)
        self.values[name] = value

    @property
    def changed(self) -> set[str]:
        """The fields in which its row has to be written again."""
        stored = self.stored
        if stored is None or self.values is stored:
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
            found = PersonState(person.account_id, person.id, person.values, person.stored)
            found.version = person.version
            self.add(found)

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
        for name in given.model_fields_set & _PLAIN:
            value = getattr(given, name)
            if value is not None:
                person.put(name, str(value) if name == "kind" else value)
        if given.attributes:
            known = {name: v for name, v in given.attributes.items() if v is not None}
            merged = merged_attributes(person.values["attributes"], known)
            if merged is None:
                warnings.append(Caution.ATTRIBUTES_TOO_LARGE)
            else:
                person.put("attributes", merged)
        return warnings

    def _merge_external_id(self, person: PersonState, given: PersonIn) -> bool:
        """Write the external id unless it is another's, or would replace one found by e-mail."""
        if given.external_id is None or given.external_id == person.values["external_id"]:
            return True
        key = (person.account_id, given.external_id)
        is_replacing = person.values["external_id"] is not None and given.id is None
        if is_replacing or self._by_external.get(key, person) is not person:
            return False
        person.put("external_id", given.external_id)
        self._by_external[key] = person
        return True

    def _merge_email(self, person: PersonState, given: PersonIn) -> bool:
        """Write the address unless it is another's."""
        if given.email is None or given.email == person.values["email"]:
            return True
        folded = fold_email(given.email)
        if self._by_email.get((person.account_id, folded), person) is not person:
            return False
        person.put("email", given.email)
        person.put("email_folded", folded)
        self._by_email[person.account_id, folded] = person
        return True


def merged_attributes(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any] | None:
    """Attributes after these are merged in; None if they outgrow what a record may carry."""
    merged = kept | given
    # What is given was judged as it came in.
    if kept and len(json.dumps(merged, ensure_ascii=False).encode()) > ATTRIBUTES_BYTES:
        return None
    return merged


def _differs(stored: Any, value: Any) -> bool:
    """Whether they are not the same; in attributes, 1, 1.0 and true are not."""
    return stored != value or (isinstance(value, dict) and repr(stored) != repr(value))
