"""What can be done with participants; inside the caller's transaction.

Whoever puts somebody in locks the sequence, so that it never holds too many, and nobody twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.core.driver import Row, Transaction
from app.criteria.parse import parse
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.models.states import ExitReason, SequenceObject
from app.sequences import queries as sequences
from app.sequences import rules
from app.sequences.errors import InvalidSequence
from app.sequences.participants import queries
from app.sequences.participants.errors import ParticipantGone, SequenceNotOpen
from app.sequences.participants.rules import EnrolResult, Standing, result_of
from app.sequences.participants.schemas import (
    EnrolAnswer,
    Enrolled,
    EnrolSummary,
    ParticipantsWrite,
    ParticipantWrite,
)
from app.sequences.steps import enrolment, exits
from app.sequences.steps.enrolment import Candidate

_PAGE = 1_000
_OF_PEOPLE = (SequenceObject.LEAD, SequenceObject.CONTACT)


async def put_in(
    session: Session,
    account_id: UUID,
    sequence_id: UUID,
    wanted: ParticipantsWrite,
    *,
    by: str,
    now: datetime,
) -> EnrolAnswer:
    """Put these in, as far as they may come in; each has its own result.

    Raises:
        SequenceNotFound: there is no such sequence.
        SequenceNotOpen: it has no actions yet.
        InvalidCriteria, InvalidSequence: the given criteria make no sense here.
    """
    sequence = await sequences.get_sequence(session, account_id, sequence_id, lock=True)
    actions = (await sequences.list_actions(session, account_id, [sequence_id]))[sequence_id]
    if not actions:
        raise SequenceNotOpen
    if wanted.participants is not None:
        results = await _by_name(session, sequence, actions, wanted.participants, by=by, now=now)
        summary = EnrolSummary.of([one.result for one in results])
        return EnrolAnswer(results=results, summary=summary)
    faults = rules.faults_in_criteria(wanted.criteria, sequence.object, "/criteria")
    if faults:
        raise InvalidSequence(faults=faults)
    return await _by_criteria(session, sequence, actions, wanted.criteria, by=by, now=now)


async def put_in_from_file(
    session: Transaction,
    account_id: UUID,
    sequence_id: UUID,
    wishes: Sequence[ParticipantWrite],
    *,
    by: str,
    now: datetime,
) -> list[Enrolled]:
    """The same for rows of a file, each with its own result.

    Raises:
        SequenceNotFound: there is no such sequence.
        SequenceNotOpen: it has no actions yet.
    """
    sequence, actions = await sequences.take(session, account_id, sequence_id)
    if not actions:
        raise SequenceNotOpen
    return await _by_name(session, sequence, actions, wishes, by=by, now=now)


async def take_out(
    session: Session, account_id: UUID, sequence_id: UUID, participant_id: UUID, *, now: datetime
) -> None:
    """Take somebody out before the end.

    Raises:
        ParticipantNotFound: there is no such participant in this sequence.
        ParticipantGone: it is in it no more.
    """
    found = await queries.get_participant(session, account_id, sequence_id, participant_id)
    removed = await exits.end(session, account_id, [(found.id, ExitReason.REMOVED)], now=now)
    await session.refresh(found)
    if not removed:
        raise ParticipantGone(state=found.state)


async def _by_criteria(
    session: Session,
    sequence: Cadence,
    actions: Sequence[SequenceAction],
    criteria: object,
    *,
    by: str,
    now: datetime,
) -> EnrolAnswer:
    also, created, no_room = parse(criteria), 0, 0
    after: Candidate | None = None
    while not no_room:
        found = await enrolment.candidates(
            session, sequence, also=also, after=after, most=_PAGE, now=now
        )
        if not found:
            break
        done = await enrolment.enrol(session, sequence, actions, found, by=by, now=now)
        created, no_room, after = created + len(done.ids), done.no_room, found[-1]
    results = [EnrolResult.CREATED] * created + [EnrolResult.SKIPPED] * no_room
    return EnrolAnswer(results=[], summary=EnrolSummary.of(results))


async def _by_name(
    session: Transaction,
    sequence: Cadence,
    actions: Sequence[SequenceAction],
    wishes: Sequence[ParticipantWrite],
    *,
    by: str,
    now: datetime,
) -> list[Enrolled]:
    places = await _places(session, sequence, wishes)
    known = {place.object_id for place in places if place is not None}
    objects = await queries.find_objects(session, sequence.account_id, sequence.object, list(known))
    named = [_named(sequence.object, place, objects) for place in places]
    ids = list({one.object_id for one in named if one is not None})
    there = await queries.find_there(session, sequence.account_id, sequence.id, ids)
    may = set(await enrolment.candidates(session, sequence, objects=ids, most=len(ids), now=now))
    coming = list(dict.fromkeys(one for one in named if one in may and one is not None))
    await enrolment.enrol(session, sequence, actions, coming, by=by, now=now)
    after = await queries.find_there(session, sequence.account_id, sequence.id, ids)
    seen = _Seen(objects, there, after, may)
    results, earlier = [], set[Candidate | None]()
    for index, (wish, one) in enumerate(zip(wishes, named, strict=True)):
        standing = seen.standing(wish, one, is_again=one in earlier)
        earlier.add(one)
        result, reason = result_of(standing, may_reenter=sequence.may_reenter)
        found = after.get(one) if one is not None and standing.is_in else None
        participant_id = None if found is None else found["id"]
        results.append(Enrolled(index=index, result=result, reason=reason, id=participant_id))
    return results


async def _places(
    session: Transaction, sequence: Cadence, wishes: Sequence[ParticipantWrite]
) -> list[Candidate | None]:
    """What each wish names, as far as it names it; the person of a response is read later."""
    rows = await queries.list_wishes(session, sequence.account_id, wishes)
    nobody = UUID(int=0)
    places: list[Candidate | None] = []
    for row in rows:
        person_id = row["person_id"]
        if sequence.object in _OF_PEOPLE:
            places.append(None if person_id is None else Candidate(person_id, person_id))
        elif row["object_id"] is None:
            places.append(None)
        else:
            places.append(Candidate(row["object_id"], person_id or nobody))
    return places


def _named(
    what: SequenceObject, place: Candidate | None, objects: Mapping[tuple[UUID, UUID], Row]
) -> Candidate | None:
    """The object that a wish names; None where there is none."""
    if place is None:
        return None
    if what is SequenceObject.CAMPAIGN_MEMBER:
        # A response is one person's, whoever else was named beside it.
        return next((Candidate(*key) for key in objects if key[0] == place.object_id), None)
    return place if place in objects else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found of the objects of a request, before and after they came in."""

    objects: Mapping[tuple[UUID, UUID], Row]
    before: Mapping[tuple[UUID, UUID], Row]
    after: Mapping[tuple[UUID, UUID], Row]
    may: Collection[Candidate]

    def standing(
        self, wish: ParticipantWrite, one: Candidate | None, *, is_again: bool
    ) -> Standing:
        is_named = any(value is not None for value in wish.model_dump().values())
        if one is None:
            return Standing(is_named, is_there=False)
        was, now = self.before.get(one), self.after.get(one)
        return Standing(
            is_named,
            is_there=True,
            is_fit=self.objects[one]["is_fit"],
            opted_out=self.objects[one]["opted_out"],
            was_in=was is not None and was["is_live"],
            has_been=was is not None and not was["is_live"],
            may=one in self.may,
            is_in=now is not None and now["is_live"],
            is_again=is_again,
        )
