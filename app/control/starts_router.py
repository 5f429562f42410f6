"""Runs of jobs that somebody asks for: by call, or by force."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from app.accounts.caller import Caller, Held, Operator
from app.accounts.plans import plan_of
from app.accounts.queries import get_account
from app.accounts.quotas.errors import QuotaExecutions, QuotaInvocations, QuotaMinutes
from app.accounts.quotas.rules import Refusal, refused
from app.accounts.transaction import Now, Tx
from app.control.showing import begun, busy, shown
from app.core.db import Session
from app.core.errors import Fault
from app.core.faults import Wrong
from app.core.problems import ValidationFailed, problems, render
from app.core.routes import Route
from app.core.values import Json, Text, Wire, plain
from app.jobs import starting
from app.jobs.errors import (
    AlreadyRunning,
    JobExpired,
    JobNotAdHoc,
    JobNotFound,
    JobNotPublished,
)
from app.jobs.queries import get_job
from app.models import Account, Job
from app.models.states import JobState, RunTrigger
from app.runs.of_jobs import find_unfinished
from app.runs.queries import get_run
from app.runs.schemas import RunRead

router = APIRouter(tags=["jobs"], route_class=Route)

_QUOTAS = (QuotaExecutions, QuotaInvocations, QuotaMinutes)
_STARTS = (JobNotFound, JobExpired, JobNotPublished, *_QUOTAS)


class RunOrder(Wire):
    """A call of a job."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"body": {"segment": "vip"}}]})

    body: Json = Field(None, description="Any JSON value: of code, `event.body`.")


class ForceOrder(Wire):
    """A run out of turn."""

    reason: Text | None = Field(None, description="Kept with the run.")


@router.post(
    "/jobs/{job_id}/runs",
    status_code=202,
    response_model=RunRead,
    responses=problems(*_STARTS, JobNotAdHoc),
)
async def run_job(
    job_id: UUID,
    request: Request,
    response: Response,
    caller: Operator,
    tx: Tx,
    now: Now,
    resources: Held,
    order: RunOrder | None = None,
) -> RunRead | Response:
    """Run a job now; its code gets the body, and the query string of this call.

    Where the day has no room for it there is no run, and the answer says when to come again.
    """
    job = await _startable(tx, caller, job_id, now)
    if not job.ad_hoc:
        raise JobNotAdHoc
    account = await get_account(tx, caller.account_id)
    started = await starting.start(
        tx,
        account,
        job,
        trigger=RunTrigger.API,
        planned_at=None,
        requested_by=caller.user,
        reason=None,
        body=None if order is None else order.body,
        query=_query_of(request),
        secret_key=resources.settings.secret_key.get_secret_value(),
        now=now,
    )
    return await _answer(tx, account, started, response, now)


@router.post(
    "/jobs/{job_id}/force",
    status_code=202,
    response_model=RunRead,
    responses=problems(*_STARTS, AlreadyRunning),
)
async def force_job(
    job_id: UUID,
    response: Response,
    caller: Operator,
    tx: Tx,
    now: Now,
    resources: Held,
    order: ForceOrder | None = None,
) -> RunRead | Response:
    """Run a job out of turn: also while it is paused, and without a change to what is planned.

    If a run of it is at work, that one is at Location; if the day has no room, there is no run.
    """
    job = await _startable(tx, caller, job_id, now)
    running = await find_unfinished(tx, caller.account_id, job_id)
    if running is not None:
        return busy(AlreadyRunning(run_id=running), running)
    account = await get_account(tx, caller.account_id)
    started = await starting.start(
        tx,
        account,
        job,
        trigger=RunTrigger.FORCE,
        planned_at=None,
        requested_by=caller.user,
        reason=None if order is None else order.reason,
        body=None,
        query={},
        secret_key=resources.settings.secret_key.get_secret_value(),
        now=now,
    )
    return await _answer(tx, account, started, response, now)


async def _startable(session: Session, caller: Caller, job_id: UUID, now: datetime) -> Job:
    """The job, locked: nobody else starts a run of it meanwhile."""
    job = await get_job(session, caller.account_id, job_id, now=now, lock=True)
    if job.state is not JobState.PUBLISHED:
        raise JobNotPublished(state=job.state)
    return job


async def _answer(
    session: Session, account: Account, started: UUID | Refusal, response: Response, now: datetime
) -> RunRead | Response:
    """The run, or the refusal: not raised, because what was told of it is to be kept."""
    if isinstance(started, Refusal):
        plan = plan_of(account.plan)
        return render(refused(started, plan, timezone=account.timezone, now=now))
    begun(response, started)
    return shown(await get_run(session, account.id, started))


def _query_of(request: Request) -> dict[str, str]:
    try:
        return {plain(name): plain(value) for name, value in request.query_params.items()}
    except Wrong as wrong:
        fault = Fault("?", wrong.fault.code, wrong.fault.detail)
        raise ValidationFailed(faults=[fault]) from None
