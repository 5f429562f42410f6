"""Starting runs of jobs, whoever wants them: by call, by force, by schedule.

    wanted ──▶ the day's quotas ──▶ run queued, its code pinned, its file named
                  └ used up: a refusal, and no run

Runs of imports and exports are those of uploads and orders; what they work on is written with them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from app.accounts.plans import Plan, plan_of
from app.accounts.quotas import service as quotas
from app.accounts.quotas.rules import Refusal, held_by
from app.core.db import Session
from app.core.ids import uuid7
from app.core.sealing import Unsealable
from app.imports.of_jobs import Fetch, complete_uploads
from app.imports.uploads.source import Source
from app.jobs import configs, used_up
from app.models import Account, Job
from app.models.states import JobKind, RunKind, RunTrigger
from app.notifications.outbox import EventType, Happening, emit
from app.runs.of_jobs import NewRun, queue_runs

_KINDS = {
    JobKind.IMPORT: RunKind.IMPORT,
    JobKind.EXPORT: RunKind.EXPORT,
    JobKind.CODE: RunKind.CODE,
}
# In a run's details, where the plan reserves: the seconds that `quotas.book` gives back.
HELD = "held"


class What(NamedTuple):
    """Of a job, what its runs are made of."""

    account_id: UUID
    job_id: UUID
    name: str
    kind: JobKind
    config: dict[str, Any]
    source: bytes | None
    timeout: timedelta
    active_version: int | None

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            *(job.account_id, job.id, job.name, job.kind, job.config, job.source),
            *(job.timeout, job.active_version),
        )


class Start(NamedTuple):
    """A run that is wanted, and that its account's day has room for."""

    what: What
    plan: Plan
    trigger: RunTrigger
    planned_at: datetime | None = None
    schedule_minute: int | None = None
    requested_by: str | None = None
    reason: str | None = None
    body: Any = None
    query: Mapping[str, str] = {}
    is_buffered: bool = False
    parent_run_id: UUID | None = None


async def start(  # noqa: PLR0913  (a start has that many facts)
    session: Session,
    account: Account,
    job: Job,
    *,
    trigger: RunTrigger,
    planned_at: datetime | None,
    requested_by: str | None,
    reason: str | None,
    body: Any,
    query: Mapping[str, str],
    secret_key: str,
    now: datetime,
    parent_run_id: UUID | None = None,
) -> UUID | Refusal:
    """Queue a run of a job, or say what of the day is used up and tell of it.

    The caller has looked whether the job may run at all. The day's rows stay locked until the
    transaction ends, so this comes last in it.
    """
    refusal = await quotas.start(session, account, job.id, needed=job.timeout, now=now)
    if refusal is not None:
        data = {
            "job_id": str(job.id),
            "trigger": trigger.value,
            "reason": refusal.value,
            "requested_by": requested_by,
        }
        await emit(session, [Happening(account.id, EventType.RUN_REFUSED, data)], at=now)
        terms = {account.id: (plan_of(account.plan), account.timezone)}
        await used_up.tell(session, [(account.id, job.id, refusal)], terms, now=now)
        return refusal
    wanted = Start(
        What.of(job),
        plan_of(account.plan),
        trigger,
        planned_at=planned_at,
        requested_by=requested_by,
        reason=reason,
        body=body,
        query=query,
        parent_run_id=parent_run_id,
    )
    (run_id,) = await write_runs(session, [wanted], secret_key=secret_key, now=now)
    return run_id


async def write_runs(
    session: Session, wanted: Sequence[Start], *, secret_key: str, now: datetime
) -> list[UUID]:
    """Queue these runs, whose quotas were taken; returns their ids, in order."""
    runs, fetches = [], []
    for one in wanted:
        run_id, subject_id = uuid7(), None
        what = one.what
        if what.kind is JobKind.IMPORT:
            subject_id = uuid7()
            place = (what.account_id, subject_id, run_id, what.job_id, what.name)
            fetches.append(Fetch(*place, what.config, _source_of(what, secret_key)))
        runs.append(
            NewRun(
                *(what.account_id, run_id, _KINDS[what.kind], one.trigger, subject_id),
                *(what.job_id, one.requested_by, one.reason, one.planned_at),
                *(one.schedule_minute, _details_of(one), one.is_buffered),
                parent_run_id=one.parent_run_id,
            )
        )
    if fetches:
        await complete_uploads(session, fetches, secret_key=secret_key, now=now)
    await queue_runs(session, runs, now=now)
    return [run.id for run in runs]


def held_in(details: Mapping[str, Any]) -> timedelta:
    """What a run's attempt holds of its day; nothing unless the plan reserved as it started."""
    return timedelta(seconds=details.get(HELD, 0))


def _details_of(one: Start) -> dict[str, Any]:
    details: dict[str, Any] = {"source": one.trigger.value}
    if one.what.kind is JobKind.CODE:
        said = {"body": one.body, "query": dict(one.query), "version": one.what.active_version}
        details |= said
    elif one.what.kind is JobKind.EXPORT:
        details |= one.what.config
    held = held_by(one.plan, one.what.timeout)
    return details | ({HELD: held.total_seconds()} if held else {})


def _source_of(what: What, secret_key: str) -> Source | None:
    """Where to fetch from; None where the secret that sealed it is another's: the run fails."""
    try:
        return configs.unsealed(what.source, what.account_id, what.job_id, secret_key=secret_key)
    except Unsealable:
        return None
