"""The timetable of a group follows its definition: there is one while an active group has a
schedule.

See `fires.following` for what becomes of it as the definition changes.
"""

from datetime import datetime
from functools import partial

from app.core.db import Session
from app.fires import following
from app.fires.queries import Owner
from app.groups.firing import fire_due
from app.jobs.ending import next_look
from app.models import Group
from app.models.states import GroupState, OwnerKind


def owner_of(group: Group) -> Owner:
    """The group as the owner of a timetable."""
    return Owner(group.account_id, OwnerKind.GROUP, group.id)


async def catch_up(session: Session, group: Group, *, secret_key: str, now: datetime) -> bool:
    """Record every moment that is due by the definition as it stands; the group is locked.

    Returns:
        Whether it could be. If not, nothing more is planned until `follow` is asked to.
    """
    if group.state is not GroupState.ACTIVE:
        return True
    place = [(group.account_id, group.id)]
    fire = partial(fire_due, session, place, secret_key=secret_key, now=now, waits=True)
    return await following.catch_up(session, owner_of(group), fire, now=now)


async def follow(session: Session, group: Group, *, now: datetime) -> None:
    """Plan as the group says now; its row has been flushed."""
    is_alive = group.deleted_at is None and group.state is not GroupState.EXPIRED
    is_in_force = is_alive and group.state is GroupState.ACTIVE
    await following.follow(
        session,
        owner_of(group),
        group.schedule if is_in_force else None,
        expires_at=group.expires_at,
        look_at=next_look(group) if is_alive else None,
        now=now,
    )
