"""Asking runs of a job to stop: for one that takes their place, or as their group is stopped."""

from collections.abc import Sequence
from uuid import UUID

from app.core import clock
from app.core.db import Session
from app.imports import runs as imports
from app.jobs.attempts import service as attempts
from app.jobs.starting import What
from app.models.states import JobKind, RunState
from app.runs import cancelling, queue

_BY, _WHY = "schedule", "Another run of the job takes its place."


async def cancel(
    session: Session, what: What, runs: Sequence[UUID], *, by: str = _BY, reason: str | None = _WHY
) -> None:
    """End these runs of the job; whoever is at one of them finds out as he renews."""
    for run_id in runs:
        if what.kind is JobKind.IMPORT:
            await imports.finish(session, what.account_id, run_id, RunState.CANCELLED)
        elif what.kind is JobKind.CODE:
            if await cancelling.ask_to_stop(session, what.account_id, run_id, by=by, reason=reason):
                now = clock.business_now(session)
                await attempts.cancel(session, what.account_id, run_id, now=now)
        else:
            await queue.end_run(session, what.account_id, run_id, RunState.CANCELLED)
