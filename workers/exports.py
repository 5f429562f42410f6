"""Exporting: one worker reads a snapshot, spools it, keeps the file and ends the run."""

import time
from datetime import timedelta

from app.core.failpoints import Purpose
from app.core.resources import Line
from app.exports.queries import add_files
from app.exports.writing import write_export
from app.imports.staging import Interrupted
from app.models.states import RunState
from app.runs import ledger, queue
from app.runs.progress import Pace
from app.runs.queue import Claimed
from workers.work import Work

_RENEW_SECONDS = 1.0


async def export_rows(work: Work, line: Line, claimed: Claimed) -> None:
    """Write what the run was ordered to, then end it; a worker that takes over begins again."""
    account_id, run_id = claimed.account_id, claimed.run_id
    lease: timedelta = work.settings.scoring.lease
    pace, renewed_at = Pace(), time.monotonic()

    async def go_on(rows: int) -> None:
        """Renew now and then; raises RunLost where the run was cancelled or is another's,
        and Interrupted where this process is to stop."""
        nonlocal renewed_at
        if work.is_stopping.is_set():
            raise Interrupted
        if time.monotonic() - renewed_at < _RENEW_SECONDS:
            return
        renewed_at = time.monotonic()
        async with line.unit_of_work(account_id, purpose=Purpose.RUN_PROGRESS) as tx:
            await queue.renew(tx, claimed, by=lease)
            said = pace.details(time.monotonic(), done=rows, total=rows)
            await ledger.say(tx, account_id, run_id, said, processed=rows)

    async with line.unit_of_work(account_id, purpose=Purpose.RUN_PROGRESS) as tx:
        now = await queue.renew(tx, claimed, by=lease)
    exported = await write_export(
        work.resources,
        account_id,
        run_id,
        claimed.details,
        token=claimed.token,
        now=now,
        on_rows=go_on,
    )
    async with work.unit_of_work(account_id, purpose=Purpose.RUN_END) as session:
        now = await queue.renew(session, claimed, by=lease)
        await add_files(session, account_id, run_id, exported.files, now=now)
        await ledger.account_for(session, account_id, run_id, rows=exported.rows)
        await queue.end_run(session, account_id, run_id, RunState.SUCCEEDED)
