"""The timetable of a group follows its definition, in the transaction that changes it.

    active, with a schedule ──▶ a timetable         anything else ──▶ none
    an end, not expired     ──▶ a moment to look    anything else ──▶ none

Before a change, what is due by the old definition is recorded by it.
"""

from datetime import datetime

from app.core.db import Session
from app.fires import queries, watches
from app.fires.queries import Owner
from app.fires.rules import next_moment
from app.groups import rules
from app.groups.firing import fire_due
from app.jobs.timing import schedule_of
from app.models import Group
from app.models.group_states import GroupState
from app.models.states import OwnerKind


def owner_of(group: Group) -> Owner:
    """The group as the owner of a timetable."""
    return Owner(group.account_id, OwnerKind.GROUP, group.id)


async def catch_up(session: Session, group: Group, *, secret_key: str, now: datetime) -> None:
    """Record every moment that is due by the definition as it stands; the group is locked."""
    if group.state is GroupState.ACTIVE:
        place = [(group.account_id, group.id)]
        # Of a long outage a portion at a time.
        while await fire_due(session, place, secret_key=secret_key, now=now, waits=True):
            pass


async def follow(session: Session, group: Group, *, now: datetime) -> None:
    """Plan as the group says now; its row has been flushed."""
    owner, schedule = owner_of(group), schedule_of(group)
    is_alive = group.deleted_at is None and group.state is not GroupState.EXPIRED
    if is_alive and group.state is GroupState.ACTIVE and schedule is not None:
        next_at = next_moment(schedule, after=now, expires_at=group.expires_at)
        before, document = await queries.find_timetable(session, *owner), group.schedule or {}
        await queries.put_timetable(session, owner, document, next_at=next_at, now=now)
        is_other = before is not None and before.schedule != document
        await watches.follow(session, owner, afresh=is_other, now=now)
    else:
        await queries.drop_timetable(session, owner)
        await watches.leave(session, owner)
    await queries.put_expiry(session, owner, rules.next_look(group) if is_alive else None)
