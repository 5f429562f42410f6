"""Groups as callers see them, with what is planned of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.db import Session
from app.fires import queries as fires
from app.fires import watches
from app.groups import queries
from app.groups.running.messages import own_alert
from app.groups.schemas import GroupRead, MemberRead, Warned
from app.jobs.ending import has_expired
from app.jobs.reading import planned_of, standing_of
from app.models import Group, GroupMember, Job
from app.models.states import OwnerKind
from app.notifications.alerts.queries import read_policy
from app.notifications.alerts.rules import Target, target_of


async def read(
    session: Session, account_id: UUID, groups: Sequence[Group], *, now: datetime
) -> list[GroupRead]:
    """These groups as callers see them."""
    ids = [group.id for group in groups]
    jobs: dict[UUID, list[tuple[GroupMember, Job]]] = defaultdict(list)
    for member, job in await queries.members_of(session, account_id, ids):
        jobs[member.group_id].append((member, job))
    found = await fires.list_timetables(session, account_id, OwnerKind.GROUP, ids)
    planned = {one.owner_id: one for one in found}
    campaigns = {one for group in groups for one in group.launch_campaigns}
    by_schedule = await queries.known_campaigns(session, account_id, list(campaigns))
    standings = await watches.standings_of(session, account_id, OwnerKind.GROUP, ids)
    policy = await read_policy(session, account_id)
    return [
        GroupRead.model_validate(
            {
                **group.model_dump(),
                "jobs": [_member(*pair) for pair in jobs[group.id]],
                "left_to_schedule": [
                    one for one in group.launch_campaigns if by_schedule.get(one, False)
                ],
                "warnings": _warnings(group, jobs[group.id], policy, now),
                **planned_of(planned.get(group.id)),
                **standing_of(standings.get(group.id), planned.get(group.id), now),
            }
        )
        for group in groups
    ]


def _member(member: GroupMember, job: Job) -> MemberRead:
    return MemberRead(job=job.id, name=job.name, on_failure=member.on_failure, always=member.always)


def _warnings(
    group: Group, members: Sequence[tuple[GroupMember, Job]], policy: Target, now: datetime
) -> list[Warned]:
    found = []
    target = target_of(own_alert(group.recipients, group.notify_on), policy)
    if not target.emails or not target.on:
        found.append(Warned.NO_ALERT_TARGET)
    if any(has_expired(job, now=now) for _, job in members):
        found.append(Warned.JOB_EXPIRED)
    return found
