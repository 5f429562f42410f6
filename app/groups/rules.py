"""What a group must be like to be saved and to be active, and when its time is over. Pure.

saved with an end, or a word that there is none ──▶ inactive ◀──▶ active ──▶ expired: gone
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.errors import Fault
from app.jobs.rules import WARNINGS, has_expired
from app.models import Group, Job
from app.models.group_states import GroupState
from app.models.states import JobState

LEAST_JOBS, MOST_JOBS = 2, 100


def is_over(group: Group, *, now: datetime) -> bool:
    """Whether its definition is gone, be it that nobody has said so yet."""
    has_ended = group.expires_at is not None and group.expires_at <= now
    return has_ended or group.state is GroupState.EXPIRED


def next_look(group: Group) -> datetime | None:
    """When there is something to say of the group's expiry: a warning, or that it has come."""
    if group.expires_at is None or group.state is GroupState.EXPIRED:
        return None
    if group.expiry_warnings < len(WARNINGS):
        return group.expires_at - WARNINGS[group.expiry_warnings]
    return group.expires_at


def faults_in_end(expires_at: datetime | None, *, never: bool, now: datetime) -> list[Fault]:
    """An end is needed that is ahead, or a word that there is none."""
    if expires_at is None:
        missing = Fault("/expires_at", "missing", "needs a time, or never_expires true")
        return [] if never else [missing]
    if expires_at <= now:
        return [Fault("/expires_at", "in_the_past", "has passed")]
    return []


def faults_in_number(wanted: Sequence[UUID]) -> list[Fault]:
    """A group of one is a job."""
    if len(wanted) >= LEAST_JOBS:
        return []
    return [Fault("/jobs", "too_few", f"needs at least {LEAST_JOBS} jobs")]


def faults_in_members(
    wanted: Sequence[UUID], jobs: Mapping[UUID, Job], *, now: datetime
) -> list[Fault]:
    """Which of the jobs cannot be run by a group, by their places in the list."""
    found = []
    for place, job_id in enumerate(wanted):
        fault = _fault_in(jobs.get(job_id), now)
        if fault is not None:
            found.append(Fault(f"/jobs/{place}/job", *fault))
    return found


def faults_in_belonging(
    wanted: Sequence[UUID], taken: Mapping[UUID, UUID], group_id: UUID
) -> list[Fault]:
    """Which of the jobs are another group's."""
    return [
        Fault(f"/jobs/{place}/job", "in_another_group", "is in another group")
        for place, job_id in enumerate(wanted)
        if taken.get(job_id, group_id) != group_id
    ]


def faults_in_campaigns(wanted: Sequence[UUID], known: set[UUID]) -> list[Fault]:
    """Which of the campaigns are none of the account's."""
    return [
        Fault(f"/launch_campaigns/{place}", "not_found", "there is no such campaign")
        for place, campaign_id in enumerate(wanted)
        if campaign_id not in known
    ]


def with_one_end(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A change with what it implies: a time ends `never_expires`, and the other way."""
    if fields.get("expires_at") is not None:
        return {**fields, "never_expires": False}
    if fields.get("never_expires"):
        return {**fields, "expires_at": None}
    return dict(fields)


def _fault_in(job: Job | None, now: datetime) -> tuple[str, str] | None:
    if job is None or job.deleted_at is not None:
        return "not_found", "there is no such job"
    if has_expired(job, now=now):
        return "expired", "has expired"
    if job.state is not JobState.PUBLISHED:
        return "not_published", "is not published"
    if not job.ad_hoc or job.schedule is not None:
        return "not_on_demand", "needs ad_hoc true and no schedule of its own"
    return None
