"""What makes sense of a sequence, and what it lacks before it can be active. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

from app.core.errors import Fault
from app.criteria.catalogue import OF_RESPONSES, Record, find_field
from app.criteria.naming import fields_named, ops_in
from app.criteria.operators import Op
from app.criteria.parse import parse
from app.criteria.tree import Criteria
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import Enrolment, SequenceObject, SequenceState
from app.sequences.errors import WrongSequenceState
from app.sequences.templates import is_well_formed

_OF_CLOCKS = {Op.WITHIN_LAST.value, Op.OLDER_THAN.value}
# So many take part in a sequence at a time.
MOST_PARTICIPANTS = 20_000
RECORDS: Mapping[SequenceObject, frozenset[Record]] = {
    SequenceObject.CAMPAIGN_MEMBER: OF_RESPONSES,
    SequenceObject.CONTACT: frozenset({Record.PERSON}),
    SequenceObject.LEAD: frozenset({Record.PERSON}),
    SequenceObject.OPPORTUNITY: frozenset({Record.PERSON, Record.OPPORTUNITY}),
}


def check_may_become(sequence: Cadence, wanted: SequenceState) -> None:
    """Raise WrongSequenceState unless the state table allows it."""
    if not sequence.state.may_become(wanted):
        raise WrongSequenceState(wanted=wanted, state=sequence.state)


def faults_in_criteria(criteria: object, of: SequenceObject, pointer: str) -> list[Fault]:
    """Fields of records that such a participant has nothing to do with.

    Raises:
        InvalidCriteria: they make no sense in themselves.
    """
    parse(criteria, pointer=pointer)
    return [
        Fault(place, "not_of_this_object", f"No field of a sequence of {of}.")
        for place, name in fields_named(criteria, pointer)
        if not is_known(name, of)
    ]


def faults_before_activation(
    sequence: Cadence, actions: Sequence[SequenceAction]
) -> Iterator[Fault]:
    """What a sequence lacks before a batch can work on it."""
    if not actions:
        yield Fault("/actions", "missing", "needs at least one action")
    if sequence.enrolment is Enrolment.AUTOMATIC and sequence.entrance is None:
        yield Fault("/entrance", "missing", "automatic enrolment needs entrance criteria")
    for action in actions:
        if action.is_automatic and (action.subject is None or action.body is None):
            place = f"/actions/{action.position}/template"
            yield Fault(place, "missing", "an automatic e-mail needs a subject and a body")


def warnings_of(action: SequenceAction) -> list[str]:
    """Why an automatic e-mail would not leave by itself."""
    if not action.is_automatic or action.body is None:
        return []
    if not is_well_formed(f"{action.subject or ''} {action.body}"):
        return ["bad_syntax"]
    return [] if action.body.strip() else ["empty_body"]


def foreseen(actions: Sequence[SequenceAction]) -> list[timedelta]:
    """How long after the enrolment each is due, if each happens when it is due."""
    return list(accumulate(action.delay for action in actions))


def is_of_people(what: SequenceObject) -> bool:
    """Whether the people themselves take part, not something of theirs."""
    return what in (SequenceObject.LEAD, SequenceObject.CONTACT)


def is_timeless(criteria: Any) -> bool:
    """Whether they look at nothing but the person, and at no clock: then only a change of the
    person can change their answer.
    """
    if criteria is None:
        return True
    names = {name for _, name in fields_named(criteria, "")}
    fields = [find_field(name) for name in names]
    return not ops_in(criteria) & _OF_CLOCKS and all(
        field is not None and field.record is Record.PERSON for field in fields
    )


def criteria_of(document: Any) -> Criteria | None:
    """Criteria that were found good as they were saved, as a tree."""
    return None if document is None else parse(document)


def is_known(name: str, of: SequenceObject) -> bool:
    """Whether such a participant has a field of this name."""
    field = find_field(name)
    return field is not None and field.record in RECORDS[of]
