"""The events in the OpenAPI document; nothing is routed here, receivers read it."""

from fastapi import APIRouter

from app.core.routes import Route
from app.notifications.outbox import EventType
from app.notifications.schemas import (
    FireNotRun,
    JobExpired,
    JobExpiring,
    QuotaExhausted,
    ResponseQualified,
    ResponsesResolved,
    RunCancelled,
    RunFailed,
    RunRefused,
    RunStarted,
    RunSucceeded,
    RunVolumeUnusual,
)

router = APIRouter(route_class=Route, tags=["events"])


@router.post(EventType.RESPONSE_QUALIFIED.value, status_code=204)
def response_qualified(event: ResponseQualified) -> None:
    """A response qualified and has an owner, if anybody is listed."""


@router.post(EventType.RESPONSES_RESOLVED.value, status_code=204)
def responses_resolved(event: ResponsesResolved) -> None:
    """A transaction resolved these many responses."""


@router.post(EventType.RUN_STARTED.value, status_code=204)
def run_started(event: RunStarted) -> None:
    """A worker has begun a run."""


@router.post(EventType.RUN_SUCCEEDED.value, status_code=204)
def run_succeeded(event: RunSucceeded) -> None:
    """A run has succeeded; some of its rows may have failed."""


@router.post(EventType.RUN_FAILED.value, status_code=204)
def run_failed(event: RunFailed) -> None:
    """A run has failed."""


@router.post(EventType.RUN_CANCELLED.value, status_code=204)
def run_cancelled(event: RunCancelled) -> None:
    """A run was cancelled."""


@router.post(EventType.RUN_VOLUME_UNUSUAL.value, status_code=204)
def run_volume_unusual(event: RunVolumeUnusual) -> None:
    """A run has succeeded with far more or fewer rows than the runs of its job before it."""


@router.post(EventType.RUN_REFUSED.value, status_code=204)
def run_refused(event: RunRefused) -> None:
    """Somebody asked for a run, and a quota of the day is used up."""


@router.post(EventType.FIRE_NOT_RUN.value, status_code=204)
def fire_not_run(event: FireNotRun) -> None:
    """A planned moment passed without a run; the ledger has the details."""


@router.post(EventType.JOB_EXPIRING.value, status_code=204)
def job_expiring(event: JobExpiring) -> None:
    """A job will expire soon; give it another time, or say that it never does."""


@router.post(EventType.JOB_EXPIRED.value, status_code=204)
def job_expired(event: JobExpired) -> None:
    """A job has expired: its definition is gone, its runs can still be read."""


@router.post(EventType.QUOTA_EXHAUSTED.value, status_code=204)
def quota_exhausted(event: QuotaExhausted) -> None:
    """The executions or minutes of a day are used up; told once a day."""
