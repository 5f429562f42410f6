"""Running customers' code: claim · do · record, once for each attempt.

claimed ─▶ prepare ─▶ materials ─▶ mark  ─▶ sandbox, journal ─▶ files kept ─▶ end ─┬─▶ over
   ▲         │ the attempt before was lost: its end is recorded first              │
   └─────────┴──────────────────────── another attempt follows ◀───────────────────┘

No transaction is open while code is looked for or runs. What fails before that mark is tried again
as if nothing had been; what fails after it is an attempt that has ended.
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import text

from app.core import log
from app.core.errors import AppError
from app.core.failpoints import Purpose
from app.core.problems import as_app_error
from app.core.resources import Line
from app.core.sealing import Unsealable
from app.exports.queries import KeptFile, stored_files
from app.jobs.attempts import service
from app.jobs.attempts.rules import Counts, Ended, Ending
from app.jobs.attempts.service import Attempt
from app.jobs.code.errors import KeptContentDamaged
from app.runs import queue
from app.runs.queue import Claimed, RunLost
from workers.code.journal import Journal
from workers.code.leaving import drop_files, folder_of, keep_files
from workers.code.materials import Materials, materials
from workers.sandbox import outcome as sandbox
from workers.sandbox.counts import Counts as SandboxCounts
from workers.sandbox.errors import CodeUnreadable, SandboxBroken
from workers.sandbox.leash import Leash, moment
from workers.sandbox.masking import Masker
from workers.sandbox.outcome import Outcome
from workers.work import Work

_log = log.get(__name__)

# Another that is finding out may be sound.
_ANY_SOUND = text(
    """
    SELECT EXISTS (SELECT FROM heartbeats WHERE coalesce(sandbox, '') = ''
                      AND seen_at > clock_timestamp() - interval '30 seconds')
    """
)
_AWAY_SECONDS = 1.0
# Code ends by itself so many leases after the last renewal. Whoever finds it given up, after one,
# waits out the others; while the database is away for everybody, it has them to come back.
_LEASES = 2
_MOST_HOSTS = 50
_LARGEST_RETURNED = 16_000
_ENDINGS = {
    sandbox.Ended.RETURNED: Ending.RETURNED,
    sandbox.Ended.RAISED: Ending.RAISED,
    sandbox.Ended.TIMEOUT: Ending.TIMEOUT,
    sandbox.Ended.KILLED: Ending.KILLED,
    sandbox.Ended.LOST: Ending.LOST,
    sandbox.Ended.FORSAKEN: Ending.WORKER_LOST,
}
_STOPPED = {
    Ending.CANCELLED: "",
    Ending.TIMEOUT: "It was not done within its timeout.",
    Ending.WORKER_STOPPED: "The worker that ran it was stopped.",
}


async def run_code(work: Work, line: Line, claimed: Claimed) -> None:
    """Make attempts of the run until it has ended, or this process is to stop."""
    # It may take a day; nobody keeps a connection for that.
    await line.close()
    goes_on = True
    while goes_on and not work.is_stopping.is_set():
        goes_on = await _attempt(work, claimed)


async def give_up(work: Work, claimed: Claimed, why: str) -> None:
    """End a run that fails by a fault of ours however often it is taken up; its minutes go back."""
    await _record(work, claimed, Ended(Ending.INTERNAL_ERROR, why))


async def is_hopeless(work: Work) -> bool:
    """Whether no worker has a sound sandbox: not this one for long, and no other says it has."""
    wait = work.settings.code.unfit_wait.total_seconds()
    if not work.fitness.said or work.fitness.unfit_seconds < wait:
        return False
    async with work.resources.look_everywhere() as connection:
        return not await connection.scalar(_ANY_SOUND)


async def _attempt(work: Work, claimed: Claimed) -> bool:
    """One attempt, or the end of one that was lost; whether another follows."""
    secret = work.settings.secret_key.get_secret_value()
    async with work.unit_of_work(claimed.account_id, purpose=Purpose.RUN_CLAIM) as session:
        await queue.renew(session, claimed, by=work.settings.scoring.lease)
        try:
            found = await service.prepare(session, claimed, secret_key=secret)
        except Unsealable as error:
            found = Ended(Ending.CODE_GONE, error.message)
    if isinstance(found, Ended):
        if found.ending is Ending.WORKER_LOST and not await _is_dead(work):
            return False
        return await _record(work, claimed, found)
    if not work.fitness.is_sound:
        if await is_hopeless(work):
            said = work.fitness.said or ""
            return await _record(work, claimed, Ended(Ending.SANDBOX_UNAVAILABLE, said))
        return False  # given back: others may have a sandbox that is sound
    async with contextlib.AsyncExitStack() as stack:
        try:
            ready = await stack.enter_async_context(materials(work, found))
        except KeptContentDamaged as error:
            return await _record(work, claimed, Ended(Ending.CODE_DAMAGED, error.message))
        if work.is_stopping.is_set():
            return False
        ended, files = await _perform(work, claimed, found, ready)
    folder = folder_of(claimed.account_id, claimed.run_id, found.number)
    return await record_with_files(work, claimed, ended, files, folder)


async def record_with_files(
    work: Work, claimed: Claimed, ended: Ended, files: Sequence[KeptFile], folder: str
) -> bool:
    """Write how it ended, and delete its files where nobody lists them.

    Raises:
        RunLost: see `_record`.
    """
    try:
        goes_on = await _record(work, claimed, ended, files)
    except RunLost:
        # Or it is over by a commit of ours whose answer was lost; then they are listed.
        if files and not await _are_listed(work, claimed, files):
            await drop_files(work.resources.files, folder)
        raise
    if goes_on and files:
        await drop_files(work.resources.files, folder)
    return goes_on


async def _are_listed(work: Work, claimed: Claimed, files: Sequence[KeptFile]) -> bool:
    async with work.unit_of_work(claimed.account_id, purpose=Purpose.RUN_END) as session:
        listed = await stored_files(session, claimed.account_id, claimed.run_id)
    return any(file.stored_as in listed for file in files)


async def _is_dead(work: Work) -> bool:
    """Wait until the code of a lost worker, which may only stand still, has ended; False if this
    one is to stop meanwhile.
    """
    wait = (_LEASES - 1) * work.settings.scoring.lease.total_seconds()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait):
            await work.is_stopping.wait()
    return not work.is_stopping.is_set()


async def _perform(
    work: Work, claimed: Claimed, attempt: Attempt, ready: Materials
) -> tuple[Ended, Sequence[KeptFile]]:
    since = moment()
    async with work.unit_of_work(claimed.account_id, purpose=Purpose.RUN_CLAIM) as session:
        now = await queue.renew(session, claimed, by=work.settings.scoring.lease)
        await service.mark_begun(session, claimed, now=now)
    try:
        async with Leash(_LEASES * work.settings.scoring.lease, since=since) as leash:
            journal = Journal(work, claimed, attempt, began_at=now, leash=leash)
            outcome = await _run(work, attempt, ready, journal, leash)
    except CodeUnreadable as error:
        return Ended(Ending.CODE_DAMAGED, error.message), ()
    except SandboxBroken:
        work.fitness.doubt()
        async with work.unit_of_work(claimed.account_id, purpose=Purpose.RUN_CLAIM) as session:
            await queue.renew(session, claimed, by=work.settings.scoring.lease)
            await service.undo(session, claimed)
        raise
    warnings = [*outcome.warnings, *(f"{one.name}: {one.reason}" for one in outcome.refused)]
    folder = folder_of(claimed.account_id, claimed.run_id, attempt.number)
    files: Sequence[KeptFile] = ()
    masker = Masker(attempt.variables.secrets)
    try:
        files = await keep_files(work.resources.files, folder, ready.output, outcome.files, masker)
    except AppError as error:
        await drop_files(work.resources.files, folder)
        # The work is done; doing it again for the sake of its files would do it twice.
        _log.warning("files_not_kept", error=error.code)
        warnings.append(f"The files that it left could not be kept: {error.message}")
    called = ready.proxy.hosts()[:_MOST_HOSTS]
    # A secret may be the name of a host, or be part of one.
    hosts = [
        {**asdict(host), "host": masker.masked(host.host), "refused": dict(host.refused)}
        for host in called
    ]
    return _ended(outcome, journal, warnings, hosts), files


async def _run(
    work: Work, attempt: Attempt, ready: Materials, journal: Journal, leash: Leash
) -> Outcome:
    """The sandbox and its journal side by side; when the run is another's, it is killed at once."""
    running = asyncio.create_task(
        work.sandbox.run(
            ready.order_for(attempt.timeout),
            on_line=journal.hear,
            on_email=journal.hear_email,
            is_cancelled=journal.stop.asked,
            leash=leash,
        )
    )
    keeping = asyncio.create_task(journal.keep())
    try:
        await asyncio.wait({running, keeping}, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done() and not running.done():
            await keeping
        outcome = await running
        journal.close()
        await keeping
    finally:
        for task in (running, keeping):
            task.cancel()
        await asyncio.gather(running, keeping, return_exceptions=True)
    return outcome


def _ended(
    outcome: Outcome, journal: Journal, warnings: list[str], hosts: list[dict[str, object]]
) -> Ended:
    if outcome.ended is sandbox.Ended.CANCELLED and journal.stop.cause is not None:
        ending, detail = journal.stop.cause, _STOPPED[journal.stop.cause]
    else:
        ending, detail = _ENDINGS[outcome.ended], outcome.error
    counts, returned = outcome.counts, outcome.value
    if len(json.dumps(returned)) > _LARGEST_RETURNED:
        returned = None
        warnings = [*warnings, "What main returned is too large to be kept; leave a file."]
    return Ended(
        ending,
        detail,
        counts=None if counts is None else _counts(counts),
        returned=returned if counts is None else None,
        warnings=warnings,
        hosts=hosts,
    )


def _counts(said: SandboxCounts) -> Counts:
    return Counts(said.total, said.succeeded, said.failed, said.skipped, said.unprocessed)


async def _record(
    work: Work, claimed: Claimed, ended: Ended, files: Sequence[KeptFile] = ()
) -> bool:
    """Write how it ended, in one transaction under the run's token; whether another follows.

    While the database is away it is tried again: an end that is not written would be taken for a
    worker that died.

    Raises:
        RunLost: somebody else has the run, and has said what became of it.
    """
    while True:
        try:
            async with work.unit_of_work(claimed.account_id, purpose=Purpose.RUN_END) as session:
                now = await queue.renew(session, claimed, by=work.settings.scoring.lease)
                return await service.end(session, claimed, ended, files=files, now=now)
        except AppError:
            raise
        except Exception as error:
            if as_app_error(error) is None:
                raise
            _log.warning("end_not_recorded", error=type(error).__name__)
            await asyncio.sleep(_AWAY_SECONDS)
