"""Groups as callers see them, with what is planned of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.db import Session
from app.fires import queries as fires
from app.groups import queries
from app.groups.schemas import GroupRead, MemberRead, Warned
from app.jobs.rules import has_expired
from app.models import Group, GroupMember, Job, Timetable
from app.models.states import OwnerKind

_NOT_PLANNED = {"is_paused": False, "paused_by": None, "skips_left": 0, "next_fire_at": None}


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
    return [
        GroupRead.model_validate(
            {
                **group.model_dump(),
                "jobs": [_member(*pair) for pair in jobs[group.id]],
                "left_to_schedule": [
                    one for one in group.launch_campaigns if by_schedule.get(one, False)
                ],
                "warnings": _warnings(group, jobs[group.id], now),
                **_planned(planned.get(group.id)),
            }
        )
        for group in groups
    ]


def _member(member: GroupMember, job: Job) -> MemberRead:
    return MemberRead(job=job.id, name=job.name, on_failure=member.on_failure, always=member.always)


def _warnings(
    group: Group, members: Sequence[tuple[GroupMember, Job]], now: datetime
) -> list[Warned]:
    found = []
    if not group.recipients or not group.notify_on:
        found.append(Warned.NO_ALERT_TARGET)
    if any(has_expired(job, now=now) for _, job in members):
        found.append(Warned.JOB_EXPIRED)
    return found


def _planned(found: Timetable | None) -> dict[str, Any]:
    if found is None:
        return _NOT_PLANNED
    return {
        "is_paused": found.is_paused,
        "paused_by": found.paused_by,
        "skips_left": found.skips_left,
        "next_fire_at": found.next_at,
    }
