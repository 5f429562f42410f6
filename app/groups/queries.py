"""The SQL of groups and of the jobs in them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, or_, select

from app.core.db import Session
from app.core.pages import Position
from app.fires.queries import list_timetables
from app.groups.errors import GroupExpired, GroupNotFound
from app.groups.schemas import Member
from app.jobs.ending import has_expired
from app.models import Campaign, Group, GroupMember, Job
from app.models.states import GroupState, OwnerKind

_LOCKED = {"populate_existing": True}


async def find_group(
    session: Session, account_id: UUID, group_id: UUID, *, lock: bool = False
) -> Group | None:
    """The group with this id, be it deleted or expired: for its runs, which stay.

    Its lock is everybody's who changes it, fires it, or moves a run of it.
    """
    statement = select(Group).where(col(Group.account_id) == account_id, col(Group.id) == group_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = await session.exec(statement, execution_options={"populate_existing": lock})
    return found.one_or_none()


async def get_group(
    session: Session, account_id: UUID, group_id: UUID, *, now: datetime, lock: bool = False
) -> Group:
    """The group with this id.

    Raises:
        GroupNotFound: there is none in this account, or it was deleted.
        GroupExpired: its definition is gone.
    """
    group = await find_group(session, account_id, group_id, lock=lock)
    if group is None or group.deleted_at is not None:
        raise GroupNotFound
    if has_expired(group, now=now):
        raise GroupExpired(expires_at=group.expires_at)
    return group


async def list_groups(
    session: Session,
    account_id: UUID,
    at: Position,
    *,
    now: datetime,
    name: str | None,
    state: GroupState | None,
) -> Sequence[Group]:
    """Groups in the order of their creation; deleted and expired ones are none."""
    statement = select(Group).where(
        col(Group.account_id) == account_id,
        col(Group.deleted_at).is_(None),
        col(Group.state) != GroupState.EXPIRED.value,
        or_(col(Group.expires_at).is_(None), col(Group.expires_at) > now),
    )
    if name is not None:
        statement = statement.where(col(Group.name) == name)
    if state is not None:
        statement = statement.where(col(Group.state) == state.value)
    if at.after is not None:
        statement = statement.where(col(Group.id) > at.after)
    return (await session.exec(statement.order_by(col(Group.id)).limit(at.fetch_rows))).all()


async def list_overdue(session: Session, account_id: UUID, *, now: datetime) -> Sequence[UUID]:
    """Groups whose expiry has come without anybody having said so, by id."""
    found = await session.exec(
        select(Group.id)
        .where(
            col(Group.account_id) == account_id,
            col(Group.deleted_at).is_(None),
            col(Group.state) != GroupState.EXPIRED.value,
            col(Group.expires_at) <= now,
        )
        .order_by(col(Group.id))
    )
    return found.all()


async def members_of(
    session: Session, account_id: UUID, groups: Sequence[UUID]
) -> Sequence[tuple[GroupMember, Job]]:
    """The jobs of these groups, each group's in their order."""
    found = await session.exec(
        select(GroupMember, Job)
        .join(
            Job,
            (col(Job.account_id) == col(GroupMember.account_id))
            & (col(Job.id) == col(GroupMember.job_id)),
        )
        .where(col(GroupMember.account_id) == account_id, col(GroupMember.group_id).in_(groups))
        .order_by(col(GroupMember.group_id), col(GroupMember.position))
    )
    return found.all()


async def lock_jobs(session: Session, account_id: UUID, wanted: Sequence[UUID]) -> dict[UUID, Job]:
    """These jobs, as they stay until the transaction ends; nobody unpublishes one meanwhile."""
    found = await session.exec(
        select(Job)
        .where(col(Job.account_id) == account_id, col(Job.id).in_(wanted))
        .order_by(col(Job.id))
        .with_for_update(key_share=True),
        execution_options=_LOCKED,
    )
    return {job.id: job for job in found.all()}


async def groups_of(session: Session, account_id: UUID, jobs: Sequence[UUID]) -> dict[UUID, UUID]:
    """In which groups these jobs are; those that are in none are left out."""
    found = await session.exec(
        select(GroupMember.job_id, GroupMember.group_id).where(
            col(GroupMember.account_id) == account_id, col(GroupMember.job_id).in_(jobs)
        )
    )
    return dict(found.all())


async def put_members(session: Session, group: Group, members: Sequence[Member]) -> None:
    """Put these jobs, in this order, in place of those that the group has."""
    await drop_members(session, group)
    session.add_all(
        GroupMember(
            account_id=group.account_id,
            group_id=group.id,
            position=position,
            job_id=member.job,
            on_failure=member.on_failure,
            always=member.always,
        )
        for position, member in enumerate(members)
    )


async def drop_members(session: Session, group: Group) -> None:
    """Let its jobs go."""
    await session.exec(
        delete(GroupMember).where(
            col(GroupMember.account_id) == group.account_id, col(GroupMember.group_id) == group.id
        )
    )


async def known_campaigns(
    session: Session, account_id: UUID, wanted: Sequence[UUID]
) -> dict[UUID, bool]:
    """Which of these campaigns there are, and whether each launches by a schedule of its own."""
    found = await session.exec(
        select(Campaign.id).where(
            col(Campaign.account_id) == account_id, col(Campaign.id).in_(wanted)
        )
    )
    planned = await list_timetables(session, account_id, OwnerKind.CAMPAIGN, wanted)
    by_schedule = {timetable.owner_id for timetable in planned}
    return {campaign_id: campaign_id in by_schedule for campaign_id in found.all()}
