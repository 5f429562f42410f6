"""What a group must be like to be saved and to be active. Pure.

saved with an end, or a word that there is none ──▶ inactive ◀──▶ active ──▶ expired: gone
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import Fault
from app.jobs.ending import faults_in_time, faults_in_word, has_expired
from app.models import Job
from app.models.states import JobState

LEAST_JOBS, MOST_JOBS = 2, 100


def faults_in_end(expires_at: datetime | None, *, never: bool, now: datetime) -> list[Fault]:
    """An end is needed that is ahead, or a word that there is none."""
    return faults_in_word(expires_at, never=never) + faults_in_time(expires_at, now=now)


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
