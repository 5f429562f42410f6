"""What is decided about opportunities. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import Fault
from app.models.states import OpportunityState
from app.people.opportunities.errors import PersonNotFound, PersonTwice


def closed_at(state: OpportunityState, before: datetime | None, now: datetime) -> datetime | None:
    """When a deal in this state was closed: kept while it stays closed, none while it is open."""
    return None if state is OpportunityState.OPEN else before or now


def check_once(person_ids: Sequence[UUID]) -> None:
    """Raise PersonTwice at the second place of a person."""
    first_at: dict[UUID, int] = {}
    faults = [
        Fault(f"/contacts/{index}/person_id", "person_twice", "is among the contacts already")
        for index, person_id in enumerate(person_ids)
        if first_at.setdefault(person_id, index) != index
    ]
    if faults:
        raise PersonTwice(faults=faults)


def check_known(person_ids: Sequence[UUID], known: Collection[UUID]) -> None:
    """Raise PersonNotFound at each place that names nobody of the account."""
    faults = [
        Fault(f"/contacts/{index}/person_id", "person_not_found", "is no person's id")
        for index, person_id in enumerate(person_ids)
        if person_id not in known
    ]
    if faults:
        raise PersonNotFound(faults=faults)
