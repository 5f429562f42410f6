"""Who is meant, and what a write changes. Pure: values in, values out.

    id, else external id, else folded e-mail, else a new lead

External id and e-mail may name different people: the external id wins, the e-mail is not
written, and the write carries the warning `identity_conflict`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.core.errors import Fault
from app.core.values import ATTRIBUTES_BYTES
from app.people.errors import AttributesTooLarge


class Warned(StrEnum):
    """What a write did otherwise than asked."""

    IDENTITY_CONFLICT = "identity_conflict"


class Known(Protocol):
    """A person as stored: a table row or anything that has its identifying fields."""

    @property
    def id(self) -> UUID: ...
    @property
    def external_id(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def email_folded(self) -> str | None: ...


P = TypeVar("P", bound=Known)


def fold_email(email: str) -> str:
    """The form by which addresses are the same: trimmed and case-folded."""
    return email.strip().casefold()


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a write names its person."""

    person_id: UUID | None = None
    external_id: str | None = None
    email: str | None = None

    @property
    def is_empty(self) -> bool:
        return self.person_id is None and self.external_id is None and self.email is None

    @property
    def email_folded(self) -> str | None:
        return None if self.email is None else fold_email(self.email)


def find(identity: Identity, people: Iterable[P]) -> P | None:
    """The person meant, out of all that share a part of the identity; None if there is none.

    An id that nobody has means nobody, whatever else was given.
    """
    candidates = list(people)
    if identity.person_id is not None:
        return next((one for one in candidates if one.id == identity.person_id), None)
    return _with_external_id(identity, candidates) or _with_email(identity, candidates)


def identify(
    identity: Identity, person: Known, people: Iterable[Known]
) -> tuple[dict[str, Any], list[Warned]]:
    """What the write changes of who `person` is, and what it has to leave.

    Args:
        identity: what was given.
        person: the one that `find` chose.
        people: all that share a part of the identity, `person` among them or not.
    """
    others = [one for one in people if one.id != person.id]
    changes: dict[str, Any] = {}
    is_left = False
    if identity.external_id is not None and identity.external_id != person.external_id:
        # Found by e-mail, it keeps the external id it has; named by id, it takes the new one.
        keeps = identity.person_id is None and person.external_id is not None
        if keeps or _with_external_id(identity, others):
            is_left = True
        else:
            changes["external_id"] = identity.external_id
    if identity.email is not None and identity.email.strip() != person.email:
        if _with_email(identity, others):
            is_left = True
        else:
            changes |= email_columns(identity.email)
    return changes, [Warned.IDENTITY_CONFLICT] if is_left else []


def email_columns(email: str | None) -> dict[str, Any]:
    """An address as it is kept: as given, and folded."""
    if email is None:
        return {"email": None, "email_folded": None}
    return {"email": email.strip(), "email_folded": fold_email(email)}


def merged(person: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns in which a person differs after these fields are merged into it.

    A field given as None, or an attribute, counts as absent and erases nothing.

    Args:
        person: a person as stored.
        given: columns of a person without those that identify it.

    Raises:
        AttributesTooLarge: kept and given attributes together.
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    if "attributes" in wanted:
        added = {name: value for name, value in wanted["attributes"].items() if value is not None}
        wanted["attributes"] = _fitting({**_attributes_of(person), **added})
    return _differing(person, wanted)


def patched(person: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns in which a person differs after a PATCH: what is given as None is erased.

    Raises:
        AttributesTooLarge: kept and given attributes together.
    """
    wanted = dict(given)
    if "email" in wanted:
        wanted |= email_columns(wanted["email"])
    if "attributes" in wanted:
        both = {**_attributes_of(person), **(wanted["attributes"] or {})}
        kept = {name: value for name, value in both.items() if value is not None}
        wanted["attributes"] = _fitting(kept) if wanted["attributes"] is not None else {}
    return _differing(person, wanted)


def _attributes_of(person: object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(person, "attributes", None) or {}
    return found


def _fitting(attributes: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(attributes, ensure_ascii=False).encode()) > ATTRIBUTES_BYTES:
        fault = Fault("/attributes", "too_large", "is too large together with those kept")
        raise AttributesTooLarge(limit=ATTRIBUTES_BYTES, faults=[fault])
    return attributes


def _differing(person: object, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if getattr(person, name) != value}


def _with_external_id(identity: Identity, people: Iterable[P]) -> P | None:
    wanted = identity.external_id
    return next((one for one in people if wanted is not None and one.external_id == wanted), None)


def _with_email(identity: Identity, people: Iterable[P]) -> P | None:
    wanted = identity.email_folded
    return next((one for one in people if wanted is not None and one.email_folded == wanted), None)
