"""What can go wrong with people.

NotFound ──── PersonNotFound
Conflict ──── ExternalIdTaken · EmailTaken · AlreadyConverted
Invalid ───── PersonWithoutIdentity · AttributesTooLarge
Unavailable ─ PersonBusy                 others write the same person, five times over
"""

from datetime import timedelta

from app.core.errors import Conflict, Invalid, NotFound, Unavailable


class PersonNotFound(NotFound):
    """No person has the id {person_id}."""


class ExternalIdTaken(Conflict):
    """Another person has this external id."""


class EmailTaken(Conflict):
    """Another person has this e-mail address."""


class AlreadyConverted(Conflict):
    """The person is a contact already."""


class PersonWithoutIdentity(Invalid):
    """A person needs an id, an external id or an e-mail address."""


class AttributesTooLarge(Invalid):
    """The attributes would be larger than {limit} bytes together with those kept."""


class PersonBusy(Unavailable):
    """Others are writing the same person at this moment; nothing of this request was kept."""

    retry_after = timedelta(seconds=1)
