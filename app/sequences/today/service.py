"""What a rep can do with an action; inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.core.errors import Fault
from app.criteria.oracle import holds
from app.fires.queries import find_timetable
from app.models import ParticipantAction
from app.models.states import ActionStatus
from app.sequences import planning
from app.sequences import rules as definitions
from app.sequences.steps.progress import Ended, advance
from app.sequences.today import queries, rules
from app.sequences.today.errors import InvalidMoment
from app.sequences.today.schemas import Explanation, TestRead


async def complete(
    session: Session, account_id: UUID, action_id: UUID, *, note: str | None, by: str, now: datetime
) -> ParticipantAction:
    """Write that it was done; the next one follows by its delay.

    Raises:
        ActionNotFound, ActionOver, ActionNotNext, ActionIsAutomatic
    """
    action = await _to_end(session, account_id, action_id, by_doing_it=True)
    action.is_initiated, action.actual_execution_at = True, now
    action.deferral_reason = None  # it has happened
    return await _end(session, action, ActionStatus.COMPLETED, note=note, by=by, now=now)


async def skip(
    session: Session, account_id: UUID, action_id: UUID, *, note: str | None, by: str, now: datetime
) -> ParticipantAction:
    """Write that it is not to be done; the next one follows by its delay.

    Raises:
        ActionNotFound, ActionOver, ActionNotNext
    """
    action = await _to_end(session, account_id, action_id, by_doing_it=False)
    return await _end(session, action, ActionStatus.MANUALLY_SKIPPED, note=note, by=by, now=now)


async def reschedule(
    session: Session, account_id: UUID, action_id: UUID, *, due_at: datetime, by: str, now: datetime
) -> ParticipantAction:
    """Have it due at another moment; until then it is not on Today.

    Raises:
        ActionNotFound, ActionOver, ActionNotNext
        InvalidMoment: it has passed.
    """
    action = await _to_end(session, account_id, action_id, by_doing_it=False)
    if due_at <= now:
        raise InvalidMoment(faults=[Fault("/due_at", "in_the_past", "has passed")])
    action.status, action.show_on_today, action.owner = ActionStatus.UPCOMING, False, None
    action.due_at, action.deferral_reason, action.done_by = due_at, None, by
    await session.flush()
    await queries.put_pending(session, action, due_at)
    return action


async def explain(session: Session, action: ParticipantAction, *, now: datetime) -> Explanation:
    """Why it stands where it stands, by the criteria and the person as they are now."""
    sequence, step = await queries.get_definition(session, action)
    way = await queries.get_way(session, action)
    tests, is_met = [], None
    if step.criteria is not None:
        facts = await queries.facts_of(session, action)
        tests = [
            TestRead.model_validate(one._asdict())
            for one in rules.outcomes(step.criteria, facts, now)
        ]
        criteria = definitions.criteria_of(step.criteria)
        is_met = criteria is not None and holds(criteria, facts, now)
    delay, look_at = None, None
    if action.status is ActionStatus.UPCOMING:
        due_at = await queries.find_pending(session, action.account_id, action.id)
        owner = planning.owner_of(action.account_id, planning.batch_of(sequence.object))
        timetable = await find_timetable(session, *owner)
        delay = rules.delay_of(sequence, timetable, due_at)
        if delay is None and timetable is not None and due_at is not None:
            look_at = planning.next_look(timetable, due_at)
    return Explanation(
        detail=rules.detail_of(action, delay, way.exit_reason),
        criteria_hold=is_met,
        tests=tests,
        next_look_at=look_at,
    )


async def _to_end(
    session: Session, account_id: UUID, action_id: UUID, *, by_doing_it: bool
) -> ParticipantAction:
    action = await queries.get_action(session, account_id, action_id, lock=True)
    is_next = await queries.find_pending(session, account_id, action_id) is not None
    rules.check_may_end(action, is_next=is_next, by_doing_it=by_doing_it)
    return action


async def _end(
    session: Session,
    action: ParticipantAction,
    status: ActionStatus,
    *,
    note: str | None,
    by: str,
    now: datetime,
) -> ParticipantAction:
    action.status, action.show_on_today = status, False
    action.note, action.done_by = note, by
    await session.flush()
    await queries.forget_pending(session, action.account_id, action.id)
    ended = Ended(action.participation_id, action.position)
    await advance(session, action.account_id, [ended], now=now)
    return action
