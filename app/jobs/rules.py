"""What a job must be like to be saved and to be published. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from app.accounts.plans import Plan
from app.core.errors import Fault
from app.jobs.ending import faults_in_word
from app.jobs.errors import WrongJobState
from app.models import Job
from app.models.states import JobKind, JobState

DEFAULT_TIMEOUT = timedelta(minutes=60)
_WITH_CONFIG = (JobKind.IMPORT, JobKind.EXPORT)


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


def faults_before_publishing(job: Job) -> list[Fault]:
    """What a job lacks before it can run."""
    return list(_lacking(job))


def _lacking(job: Job) -> Iterator[Fault]:
    if job.schedule is None and not job.ad_hoc:
        yield Fault("/schedule", "missing", "needs a schedule, or ad_hoc true")
    yield from faults_in_word(job.expires_at, never=job.never_expires)
    if job.kind in _WITH_CONFIG and not job.config:
        yield Fault("/config", "missing", f"says nothing of what to {job.kind}")
    elif job.kind is JobKind.IMPORT and job.source is None:
        yield Fault("/config/source", "missing", "needs an address to fetch the file from")
    if job.kind is JobKind.CODE and job.active_version is None:
        yield Fault("/active_version", "missing", "needs code: upload some")
    if job.kind is JobKind.MAINTENANCE:
        yield Fault("/kind", "not_available", "jobs of this kind cannot run yet")
