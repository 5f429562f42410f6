"""The end of a group's definition: warned of twice, then gone. For whoever looks after due times.

Each step is taken under the group's lock and counted on its row, so it is told once, however many
look at the same time and however late.
"""

from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.fires.queries import Owner, put_expiry
from app.groups import queries, timetable
from app.jobs import last_words
from app.jobs.ending import next_look, warnings_due
from app.models import Group
from app.models.states import GroupState, OwnerKind
from app.notifications.alerts.rules import News


async def tend(
    session: Session, account_id: UUID, group_id: UUID, *, secret_key: str, now: datetime
) -> datetime | None:
    """Warn of the group's expiry, or expire it, if its time has come; when to look again."""
    following = await _tended(session, account_id, group_id, secret_key=secret_key, now=now)
    await put_expiry(session, Owner(account_id, OwnerKind.GROUP, group_id), following)
    return following


async def expire_overdue(
    session: Session, account_id: UUID, *, secret_key: str, now: datetime
) -> None:
    """Expire what nobody has come round to, so that it holds its name and its jobs no longer."""
    for group_id in await queries.list_overdue(session, account_id, now=now):
        await _tended(session, account_id, group_id, secret_key=secret_key, now=now)


async def _tended(
    session: Session, account_id: UUID, group_id: UUID, *, secret_key: str, now: datetime
) -> datetime | None:
    group = await queries.find_group(session, account_id, group_id, lock=True)
    if group is None or group.deleted_at is not None or group.expires_at is None:
        return None
    if group.expires_at <= now:
        await _expire(session, group, group.expires_at, secret_key=secret_key, now=now)
        return None
    due = warnings_due(group.expires_at, now=now)
    if due > group.expiry_warnings:
        group.expiry_warnings = due
        await session.flush()
        owner, end = timetable.owner_of(group), group.expires_at
        await last_words.tell(session, owner, News.EXPIRING, expires_at=end, at=now)
    return next_look(group)


async def _expire(
    session: Session, group: Group, end: datetime, *, secret_key: str, now: datetime
) -> None:
    """Its jobs are free again; a run of it that has begun goes on."""
    if not group.state.may_become(GroupState.EXPIRED):
        return
    await timetable.catch_up(session, group, secret_key=secret_key, now=now)
    group.state, group.activated_at = GroupState.EXPIRED, None
    group.version += 1
    group.updated_at = now
    await queries.drop_members(session, group)
    await session.flush()
    await timetable.follow(session, group, now=now)
    owner = timetable.owner_of(group)
    await last_words.tell(session, owner, News.EXPIRED, expires_at=end, at=now)
