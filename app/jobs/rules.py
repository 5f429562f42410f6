"""When a job may be published, and when its time is over. Pure.

created ──────────▶ 7 days before ──▶ 1 day before ──▶ expires_at
                    job.expiring      job.expiring     job.expired: gone
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from app.accounts.plans import Plan
from app.core.errors import Fault
from app.jobs.errors import WrongJobState
from app.models import Job
from app.models.states import JobKind, JobState

DEFAULT_TIMEOUT = timedelta(minutes=60)
# How long before its expiry a job is warned of, in the order of the warnings.
WARNINGS = (timedelta(days=7), timedelta(days=1))
_WITH_CONFIG = (JobKind.IMPORT, JobKind.EXPORT)


def has_expired(job: Job, *, now: datetime) -> bool:
    """Whether its definition is gone, be it that nobody has said so yet."""
    is_over = job.expires_at is not None and job.expires_at <= now
    return is_over or job.state is JobState.EXPIRED


def warnings_due(expires_at: datetime, *, now: datetime) -> int:
    """How many of the warnings should have gone out by now."""
    return sum(1 for before in WARNINGS if expires_at - before <= now)


def next_look(job: Job) -> datetime | None:
    """When there is something to say of the job's expiry: a warning, or that it has come."""
    if job.expires_at is None or job.state is JobState.EXPIRED:
        return None
    if job.expiry_warnings < len(WARNINGS):
        return job.expires_at - WARNINGS[job.expiry_warnings]
    return job.expires_at


def default_timeout(plan: Plan) -> timedelta:
    """60 minutes, or the plan's minutes a day where these are fewer."""
    return min(DEFAULT_TIMEOUT, plan.time_per_day) or DEFAULT_TIMEOUT


def check_may_become(job: Job, wanted: JobState) -> None:
    """Raise WrongJobState unless the state table allows it."""
    if not job.state.may_become(wanted):
        raise WrongJobState(wanted=wanted, state=job.state)


def faults_in_limits(job: Job, plan: Plan) -> list[Fault]:
    """What of a job the plan has no room for."""
    faults = []
    if job.kind is JobKind.CODE and not plan.code_jobs:
        faults.append(Fault("/kind", "not_in_plan", "the plan has no code jobs"))
    if job.timeout > plan.time_per_day:
        detail = f"is longer than the {plan.minutes_per_day} minutes a day of the plan"
        faults.append(Fault("/timeout", "above_plan", detail))
    if job.retries > plan.max_retries:
        detail = f"is more than the {plan.max_retries} that the plan allows"
        faults.append(Fault("/retries", "above_plan", detail))
    return faults


def faults_in_end(job: Job, *, now: datetime) -> list[Fault]:
    """A time of expiry that has passed."""
    if job.expires_at is None or job.expires_at > now:
        return []
    return [Fault("/expires_at", "in_the_past", "has passed")]


def with_one_end(fields: dict[str, Any]) -> dict[str, Any]:
    """A change with what it implies: a time of expiry ends `never_expires`, and the other way."""
    if fields.get("expires_at") is not None:
        return {**fields, "never_expires": False}
    if fields.get("never_expires"):
        return {**fields, "expires_at": None}
    return fields


def faults_before_publishing(job: Job) -> list[Fault]:
    """What a job lacks before it can run."""
    return list(_lacking(job))


def _lacking(job: Job) -> Iterator[Fault]:
    if job.schedule is None and not job.ad_hoc:
        yield Fault("/schedule", "missing", "needs a schedule, or ad_hoc true")
    yield from faults_in_expiry(job)
    if job.kind in _WITH_CONFIG and not job.config:
        yield Fault("/config", "missing", f"says nothing of what to {job.kind}")
    elif job.kind is JobKind.IMPORT and job.source is None:
        yield Fault("/config/source", "missing", "needs an address to fetch the file from")
    if job.kind is JobKind.CODE and job.active_version is None:
        yield Fault("/active_version", "missing", "needs code: upload some")
    if job.kind is JobKind.MAINTENANCE:
        yield Fault("/kind", "not_available", "jobs of this kind cannot run yet")


def faults_in_expiry(job: Job) -> list[Fault]:
    """An end, or a word that there is none: publishing and joining a group need it."""
    if job.expires_at is not None or job.never_expires:
        return []
    return [Fault("/expires_at", "missing", "needs a time, or never_expires true")]
