"""What can be done with the definition of a group; inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.accounts.queries import get_account
from app.core import etags
from app.core.db import Session, constraint_of
from app.core.errors import Fault
from app.core.ids import uuid7
from app.fires import service as timetables
from app.groups import expiry, queries, rules, timetable
from app.groups.errors import GroupNameTaken, InvalidGroup, JobInAnotherGroup
from app.groups.schemas import GroupCreate, GroupPatch, Member
from app.jobs import timing
from app.jobs.ending import with_one_end
from app.models import Group
from app.models.states import GroupState

_LISTS = ("notify_on", "recipients", "launch_campaigns")


async def create(
    session: Session, account_id: UUID, wanted: GroupCreate, *, secret_key: str, now: datetime
) -> Group:
    """Add a group; it is inactive.

    Raises:
        InvalidGroup: its jobs, its campaigns or its end make no sense.
        JobInAnotherGroup: with the places of those that are.
        InvalidSchedule, SlotOver, GapTooSmall: its schedule is none that could be kept.
        GroupNameTaken: another group has the name.
    """
    account = await get_account(session, account_id)
    await expiry.expire_overdue(session, account_id, secret_key=secret_key, now=now)
    fields = wanted.model_dump(exclude={"jobs", "schedule"})
    group = Group(account_id=account_id, id=uuid7(), created_at=now, updated_at=now, **fields)
    await _check(session, group, wanted.jobs, given=set(GroupCreate.model_fields), now=now)
    timing.set_schedule(group, wanted.schedule, account, now=now)
    session.add(group)
    await _flush(session)
    await queries.put_members(session, group, wanted.jobs)
    await _flush(session)
    await timetable.follow(session, group, now=now)
    return group


async def change(
    session: Session,
    account_id: UUID,
    group_id: UUID,
    patch: GroupPatch,
    *,
    if_match: str | None,
    by: str,
    secret_key: str,
    now: datetime,
) -> Group:
    """Change the given fields, for runs that have not begun.

    Raises:
        GroupNotFound, GroupExpired: there is no such group any more.
        ChangedMeanwhile: `if_match` names another version.
        InvalidGroup: a given field makes no sense, or it would be left without an end.
        JobInAnotherGroup: with the places of those that are.
        InvalidSchedule, SlotOver, GapTooSmall: the given schedule is none that could be kept.
        GroupNameTaken: another group has the name.
        NotScheduled: it is to pause, or to go on, and plans no fires.
    """
    account = await get_account(session, account_id)
    if patch.name is not None or patch.jobs is not None:
        await expiry.expire_overdue(session, account_id, secret_key=secret_key, now=now)
    group = await _group_to_change(session, account_id, group_id, if_match=if_match, now=now)
    await timetable.catch_up(session, group, secret_key=secret_key, now=now)
    fields = with_one_end(patch.model_dump(mode="python", exclude_unset=True))
    is_paused = fields.pop("is_paused", None)
    given = set(fields)
    fields.pop("jobs", None)
    if "schedule" in fields:
        del fields["schedule"]
        timing.set_schedule(group, patch.schedule, account, now=now)
    if "expires_at" in fields and fields["expires_at"] != group.expires_at:
        group.expiry_warnings = 0
    for field, value in fields.items():
        setattr(group, field, list(value) if field in _LISTS else value)
    await _check(session, group, patch.jobs, given=given, now=now)
    if patch.jobs is not None:
        await queries.put_members(session, group, patch.jobs)
    await _changed(session, group, now=now)
    await timetable.follow(session, group, now=now)
    if is_paused is not None:
        owner = timetable.owner_of(group)
        await timetables.pause(session, owner, is_paused=is_paused, by=by, now=now)
    return group


async def delete(
    session: Session,
    account_id: UUID,
    group_id: UUID,
    *,
    if_match: str | None,
    secret_key: str,
    now: datetime,
) -> None:
    """Take the definition away; its jobs stay, and so do its runs.

    Raises:
        GroupNotFound, GroupExpired: there is no such group any more.
        ChangedMeanwhile: `if_match` names another version.
    """
    group = await _group_to_change(session, account_id, group_id, if_match=if_match, now=now)
    await timetable.catch_up(session, group, secret_key=secret_key, now=now)
    group.deleted_at, group.activated_at = now, None
    await queries.drop_members(session, group)
    await _changed(session, group, now=now)
    await timetable.follow(session, group, now=now)


async def activate(session: Session, account_id: UUID, group_id: UUID, *, now: datetime) -> Group:
    """Let the group run. Activating an active one changes nothing.

    Raises:
        GroupNotFound, GroupExpired: there is no such group any more.
        InvalidGroup: a job of it has expired meanwhile.
        GapTooSmall: its fires are nearer to each other than the plan allows by now.
    """
    account = await get_account(session, account_id)
    group = await _group_to_change(session, account_id, group_id, now=now)
    if group.state is GroupState.ACTIVE:
        return group
    members = await queries.members_of(session, account_id, [group_id])
    jobs = {job.id: job for _, job in members}
    _refuse(
        rules.faults_in_end(group.expires_at, never=group.never_expires, now=now)
        + rules.faults_in_members([member.job_id for member, _ in members], jobs, now=now)
    )
    timing.check_gap(group, account, now=now)
    group.state, group.activated_at = GroupState.ACTIVE, now
    await _changed(session, group, now=now)
    await timetable.follow(session, group, now=now)
    return group


async def deactivate(
    session: Session, account_id: UUID, group_id: UUID, *, secret_key: str, now: datetime
) -> Group:
    """Let no new run begin; one that has begun goes on. Safe to repeat.

    Raises:
        GroupNotFound, GroupExpired: there is no such group any more.
    """
    group = await _group_to_change(session, account_id, group_id, now=now)
    if group.state is GroupState.INACTIVE:
        return group
    await timetable.catch_up(session, group, secret_key=secret_key, now=now)
    group.state, group.activated_at = GroupState.INACTIVE, None
    await _changed(session, group, now=now)
    await timetable.follow(session, group, now=now)
    return group


async def _check(
    session: Session,
    group: Group,
    members: Sequence[Member] | None,
    *,
    given: set[str],
    now: datetime,
) -> None:
    """Look at what is given; the jobs stay locked, so that they are as they were looked at."""
    faults: list[Fault] = []
    if given & {"expires_at", "never_expires"}:
        faults += rules.faults_in_end(group.expires_at, never=group.never_expires, now=now)
    # What makes no sense may be in the group by now; it is not to be written.
    with session.no_autoflush:
        if "launch_campaigns" in given:
            wanted = group.launch_campaigns
            known = await queries.known_campaigns(session, group.account_id, wanted)
            faults += rules.faults_in_campaigns(wanted, set(known))
        if members is None:
            return _refuse(faults)
        ids = [member.job for member in members]
        jobs = await queries.lock_jobs(session, group.account_id, ids)
        faults += rules.faults_in_number(ids) + rules.faults_in_members(ids, jobs, now=now)
        _refuse(faults)
        taken = await queries.groups_of(session, group.account_id, ids)
    elsewhere = rules.faults_in_belonging(ids, taken, group.id)
    if elsewhere:
        raise JobInAnotherGroup(faults=elsewhere)
    return None


async def _group_to_change(
    session: Session,
    account_id: UUID,
    group_id: UUID,
    *,
    if_match: str | None = None,
    now: datetime,
) -> Group:
    group = await queries.get_group(session, account_id, group_id, now=now, lock=True)
    etags.check(if_match, group.version)
    return group


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidGroup(faults=faults)


async def _changed(session: Session, group: Group, *, now: datetime) -> None:
    group.version += 1
    group.updated_at = now
    await _flush(session)


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_group_members_job":
            raise JobInAnotherGroup from None
        if constraint_of(error) != "uq_groups_name":
            raise
        raise GroupNameTaken from None
