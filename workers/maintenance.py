"""What keeps the tables small and the process visible: nothing here that a caller waits for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.idempotency import forget_old
from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.files.local import LocalFiles
from app.core.metrics import counts_of_this_worker
from app.exports import forgetting as run_files
from app.groups.running import forgetting as groups
from app.imports import forgetting as rows
from app.imports.uploads import forgetting as uploads
from app.jobs import forgetting as code
from app.jobs import layers
from app.jobs.attempts import messages
from app.notifications.deliveries import forgetting as deliveries
from app.notifications.mail import queries as mail
from app.responses.counters import fold
from app.responses.retention import forget
from app.runs.logs import queries as logs
from workers.work import Work

_log = log.get(__name__)

FOLD_EVERY_SECONDS = 3.0
FORGET_EVERY_SECONDS = 600.0
_DRAFTS_KEPT = timedelta(days=1)

_BEAT = text(
    """
    INSERT INTO heartbeats (worker_id, host, pid, counts, sandbox)
    VALUES (:worker_id, :host, :pid, CAST(:counts AS jsonb), :sandbox)
    ON CONFLICT (worker_id) DO UPDATE
       SET seen_at = clock_timestamp(), counts = excluded.counts, sandbox = excluded.sandbox
    """
)
_FORGET_DEAD = text("DELETE FROM heartbeats WHERE seen_at < clock_timestamp() - interval '1 hour'")
_LEAVE = text("DELETE FROM heartbeats WHERE worker_id = :worker_id")
_WITH_DELTAS = text("SELECT DISTINCT account_id FROM status_deltas")
_ACCOUNTS = text("SELECT id FROM accounts")


async def beat(work: Work) -> None:
    """Say that this worker lives, and what it has counted."""
    async with work.unit_of_work(purpose=Purpose.HEARTBEAT) as session:
        connection = await session.connection()
        await connection.execute(
            _BEAT,
            {
                "worker_id": work.worker_id,
                "host": work.host,
                "pid": work.pid,
                "counts": json.dumps(counts_of_this_worker()),
                "sandbox": work.fitness.said,
            },
        )
        await connection.execute(_FORGET_DEAD)


async def leave(work: Work) -> None:
    """Take this worker's sign of life away; it stopped by itself.

    Where the database is away the sign grows old instead, and the worker ends well all the same.
    """
    try:
        async with work.unit_of_work(purpose=Purpose.HEARTBEAT) as session:
            await (await session.connection()).execute(_LEAVE, {"worker_id": work.worker_id})
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        _log.warning("maintenance_failed", deed=leave.__name__, error=type(error).__name__)


async def fold_counters(work: Work) -> None:
    """Fold the deltas of every account that has any."""
    for account_id in await _accounts(work, _WITH_DELTAS):
        if work.over_counters.passes_over(account_id):
            continue
        async with (
            work.over_counters.watching(account_id),
            work.unit_of_work(account_id, purpose=Purpose.FOLDING) as session,
        ):
            await fold(session, account_id)


async def forget_what_is_over(work: Work) -> None:
    """Delete what is kept no longer: answers to repeats, windows, events, runs, their logs,
    intake keys, files with what is known of their rows, code of jobs that are gone, layers.
    """
    for account_id in await _accounts(work, _ACCOUNTS):
        if not work.over_garbage.passes_over(account_id):
            async with work.over_garbage.watching(account_id):
                await _forget_of(work, account_id)
    await layers.drop_unused(work.resources, await _accounts(work, _ACCOUNTS))
    if isinstance(work.resources.files, LocalFiles):
        await work.resources.files.tidy(older_than=_DRAFTS_KEPT)


async def _forget_of(work: Work, account_id: UUID) -> None:
    async with work.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
        await forget_old(session)
    await uploads.forget(work.resources, account_id)
    await run_files.forget(work.resources, account_id)
    await code.forget(work.resources, account_id)
    # A run goes only once nothing is left of its log.
    deleted = 1
    while deleted and not work.is_stopping.is_set():
        async with work.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            deleted = await logs.forget(session, account_id, now=clock.business_now(session))
            deleted += await messages.forget(session, account_id, now=clock.business_now(session))
            deleted += await mail.forget(session, account_id, now=clock.business_now(session))
    deleted = 1
    while deleted and not work.is_stopping.is_set():
        async with work.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            # Before their events, which they would be sent without.
            deleted = await deliveries.forget(session, account_id, now=clock.business_now(session))
            deleted += await forget(session, account_id, now=clock.business_now(session))
            deleted += await rows.forget(session, account_id, now=clock.business_now(session))
            deleted += await groups.forget(session, account_id, now=clock.business_now(session))


async def every(
    work: Work, seconds: float, deed: Callable[[Work], Awaitable[float | None]]
) -> None:
    """Do it now and again until the process is stopping; a failure waits for the next time.

    Args:
        deed: may say in how many seconds it wants to be done again, if that is sooner.
    """
    while not work.is_stopping.is_set():
        pause: float | None = None
        try:
            pause = await deed(work)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _log.warning("maintenance_failed", deed=deed.__name__, error=type(error).__name__)
        except Exception:
            # Foreseen or not: a loop that ended would not be missed until work is late.
            _log.error("maintenance_failed", deed=deed.__name__, exc_info=True)
        try:
            async with asyncio.timeout(seconds if pause is None else min(pause, seconds)):
                await work.is_stopping.wait()
        except TimeoutError:
            continue


async def _accounts(work: Work, statement: TextClause) -> list[UUID]:
    async with work.resources.look_everywhere() as connection:
        return list((await connection.execute(statement)).scalars())
