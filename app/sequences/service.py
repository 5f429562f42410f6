"""What can be done with the definition of a sequence; inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core import etags
from app.core.db import Session, constraint_of
from app.core.errors import Fault
from app.core.ids import uuid7
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import SequenceState
from app.sequences import checking, planning, queries, rules
from app.sequences.errors import (
    InvalidSequence,
    SequenceHasParticipants,
    SequenceNameTaken,
    SequenceNotActivatable,
)
from app.sequences.schemas import ActionWrite, SequenceCreate, SequencePatch
from app.sequences.steps import exits

_CRITERIA = ("entrance", "exit")


async def create(
    session: Session, account_id: UUID, wanted: SequenceCreate, *, now: datetime
) -> Cadence:
    """Add a sequence as a draft.

    Raises:
        InvalidCriteria: criteria that make no sense in themselves.
        InvalidSequence: fields that such a participant has not.
        SequenceNameTaken: another sequence has the name.
    """
    sequence = Cadence(
        account_id=account_id,
        id=uuid7(),
        created_at=now,
        updated_at=now,
        **wanted.model_dump(exclude={"actions"}),
    )
    _check_criteria(sequence, _CRITERIA)
    _refuse(checking.faults_in_actions(wanted.actions, wanted.object))
    session.add(sequence)
    await _flush(session)
    for position, action in enumerate(wanted.actions):
        session.add(_made(sequence, position, action))
    await session.flush()
    return sequence


async def change(
    session: Session,
    account_id: UUID,
    sequence_id: UUID,
    patch: SequencePatch,
    *,
    if_match: str | None,
    now: datetime,
) -> Cadence:
    """Change the given fields; an active sequence goes by them at once.

    Raises:
        SequenceNotFound: there is no such sequence.
        ChangedMeanwhile: `if_match` names another version.
        InvalidCriteria, InvalidSequence: what is given makes no sense.
        SequenceHasParticipants: other actions, while somebody is in it.
        SequenceNotActivatable: it is active, and could not be.
        SequenceNameTaken: another sequence has the name.
    """
    sequence = await queries.get_sequence(session, account_id, sequence_id, lock=True)
    etags.check(if_match, sequence.version)
    fields = patch.model_dump(exclude_unset=True, exclude={"actions"})
    for field, value in fields.items():
        setattr(sequence, field, value)
    _check_criteria(sequence, [name for name in _CRITERIA if name in fields])
    if any(name in fields for name in (*_CRITERIA, "enrolment", "may_reenter")):
        # Whoever was looked at by the old ones is looked at again.
        sequence.looked_until = None
    if patch.actions is not None:
        _refuse(checking.faults_in_actions(patch.actions, sequence.object))
        await _replace_actions(session, sequence, patch.actions, now=now)
    if sequence.state is SequenceState.ACTIVE:
        await _check_activatable(session, sequence)
    await _changed(session, sequence, now=now)
    return sequence


async def activate(
    session: Session, account_id: UUID, sequence_id: UUID, *, now: datetime
) -> Cadence:
    """Let its batch work on it. Safe to repeat.

    Raises:
        SequenceNotFound: there is no such sequence.
        SequenceNotActivatable: with all that is missing.
    """
    sequence = await queries.get_sequence(session, account_id, sequence_id, lock=True)
    if sequence.state is SequenceState.ACTIVE:
        return sequence
    rules.check_may_become(sequence, SequenceState.ACTIVE)
    await _check_activatable(session, sequence)
    sequence.state, sequence.activated_at = SequenceState.ACTIVE, now
    sequence.looked_until = None
    await _changed(session, sequence, now=now)
    await planning.follow(session, account_id, sequence.object, now=now)
    return sequence


async def deactivate(
    session: Session, account_id: UUID, sequence_id: UUID, *, now: datetime
) -> Cadence:
    """Let no batch work on it; whoever is in it stays, and waits. Safe to repeat.

    Raises:
        SequenceNotFound: there is no such sequence.
        WrongSequenceState: it was never active.
    """
    sequence = await queries.get_sequence(session, account_id, sequence_id, lock=True)
    if sequence.state is SequenceState.INACTIVE:
        return sequence
    rules.check_may_become(sequence, SequenceState.INACTIVE)
    sequence.state, sequence.activated_at = SequenceState.INACTIVE, None
    await _changed(session, sequence, now=now)
    await planning.follow(session, account_id, sequence.object, now=now)
    return sequence


async def delete(
    session: Session, account_id: UUID, sequence_id: UUID, *, if_match: str | None, now: datetime
) -> None:
    """Take the definition away; whoever is in it leaves, and what they did stays readable.

    Raises:
        SequenceNotFound: there is no such sequence.
        ChangedMeanwhile: `if_match` names another version.
    """
    sequence = await queries.get_sequence(session, account_id, sequence_id, lock=True)
    etags.check(if_match, sequence.version)
    sequence.deleted_at, sequence.activated_at = now, None
    if sequence.state is SequenceState.ACTIVE:
        sequence.state = SequenceState.INACTIVE
    await _changed(session, sequence, now=now)
    await planning.follow(session, account_id, sequence.object, now=now)
    await exits.end_all(session, account_id, sequence_id, now=now)


async def _replace_actions(
    session: Session, sequence: Cadence, wanted: Sequence[ActionWrite], *, now: datetime
) -> None:
    before = (await queries.list_actions(session, sequence.account_id, [sequence.id]))[sequence.id]
    kept = {action.id: action for action in before}
    faults = [
        Fault(f"/actions/{position}/id", "unknown_action", "is no action of this sequence")
        for position, action in enumerate(wanted)
        if action.id is not None and kept.pop(action.id, None) is None
    ]
    _refuse(faults)
    is_same = checking.is_same_way(before, wanted)
    if not is_same and await _has_participants(session, sequence):
        raise SequenceHasParticipants
    for action in kept.values():
        action.removed_at = now
    by_id = {action.id: action for action in before}
    staying = [by_id[action.id] for action in wanted if action.id is not None]
    if not is_same:
        # Out of each other's way first: positions are unique.
        for place, action in enumerate(staying):
            action.position = 1_000 + place
        await session.flush()
    for position, given in enumerate(wanted):
        if given.id is None:
            session.add(_made(sequence, position, given))
        else:
            _say(by_id[given.id], position, given)
    await session.flush()


async def _has_participants(session: Session, sequence: Cadence) -> bool:
    counts = await queries.count_participants(session, sequence.account_id, [sequence.id])
    return counts[sequence.id] > 0


def _made(sequence: Cadence, position: int, given: ActionWrite) -> SequenceAction:
    action = SequenceAction(
        account_id=sequence.account_id,
        id=uuid7(),
        sequence_id=sequence.id,
        position=position,
        type=given.type,
        delay=given.delay,
    )
    _say(action, position, given)
    return action


def _say(action: SequenceAction, position: int, given: ActionWrite) -> None:
    template = given.template
    action.position, action.type = position, given.type
    action.is_automatic, action.delay = given.automatic, given.delay
    action.criteria, action.on_unmet, action.priority = (
        given.criteria,
        given.on_unmet,
        given.priority,
    )
    action.subject = None if template is None else template.subject
    action.body = None if template is None else template.body


def _check_criteria(sequence: Cadence, names: Sequence[str]) -> None:
    faults = []
    for name in names:
        criteria = getattr(sequence, name)
        if criteria is not None:
            faults += rules.faults_in_criteria(criteria, sequence.object, f"/{name}")
    _refuse(faults)


async def _check_activatable(session: Session, sequence: Cadence) -> None:
    actions = await queries.list_actions(session, sequence.account_id, [sequence.id])
    faults = list(rules.faults_before_activation(sequence, actions[sequence.id]))
    if faults:
        raise SequenceNotActivatable(faults=faults)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidSequence(faults=faults)


async def _changed(session: Session, sequence: Cadence, *, now: datetime) -> None:
    sequence.version += 1
    sequence.updated_at = now
    await _flush(session)


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_sequences_name":
            raise
        raise SequenceNameTaken from None
