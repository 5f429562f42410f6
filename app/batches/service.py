"""What can be done with a batch; inside the caller's transaction, under its timetable's lock."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.accounts.queries import get_account
from app.batches import firing, queries
from app.batches.errors import AlreadyRunning
from app.batches.schemas import BatchPatch
from app.batches.starting import new_run
from app.core import etags
from app.core.db import Session
from app.fires import service as fires
from app.fires.queries import find_timetable
from app.fires.schemas import SkipOrder, SkipsRead
from app.models import Timetable
from app.models.states import BatchName, RunTrigger
from app.notifications.alerts.queries import read_policy
from app.runs.of_jobs import queue_runs
from app.sequences import planning
from app.sequences import queries as sequences


async def read(session: Session, account_id: UUID, name: BatchName) -> dict[str, Any]:
    """A batch as it stands now."""
    owner = planning.owner_of(account_id, name)
    timetable = await find_timetable(session, *owner)
    account = await get_account(session, account_id)
    active = await sequences.list_active(session, account_id, name.object)
    at_work = await queries.find_unfinished(session, [account_id])
    running = at_work.get((account_id, owner.owner_id), [])
    last = await queries.find_last(session, account_id, owner.owner_id)
    schedule = None if timetable is None else planning.schedule_of(timetable)
    return {
        "name": name,
        "object": name.object,
        "interval": planning.EVERY if schedule is None else schedule.every,
        "timezone": account.timezone,
        "active_sequences": len(active),
        "is_paused": timetable is not None and timetable.is_paused,
        "paused_by": None if timetable is None else timetable.paused_by,
        "skips_left": 0 if timetable is None else timetable.skips_left,
        "next_fire_at": None if timetable is None else timetable.next_at,
        "running": running[0] if running else None,
        "last_run": None if last is None else last.id,
        "last_state": None if last is None else last.state,
        "last_finished_at": None if last is None else last.finished_at,
        "warnings": (await read_policy(session, account_id)).warnings,
    }


async def version_of(session: Session, account_id: UUID, name: BatchName) -> str:
    """What can be changed of a batch, in a word: the same as long as it stands so."""
    timetable = await find_timetable(session, *planning.owner_of(account_id, name))
    return _version(timetable)


async def change(
    session: Session,
    account_id: UUID,
    name: BatchName,
    patch: BatchPatch,
    *,
    if_match: str | None = None,
    by: str,
    now: datetime,
) -> None:
    """Change the interval, pause it, or let it go on. Safe to repeat.

    Raises:
        ChangedMeanwhile: `if_match` names another version.
    """
    timetable = await _caught_up(session, account_id, name, now=now)
    etags.check(if_match, _version(timetable))
    schedule = planning.schedule_of(timetable)
    if patch.interval is not None and patch.interval != schedule.every:
        is_wanted = schedule.ends_at is None
        await planning.put(session, timetable, patch.interval, is_wanted=is_wanted, now=now)
    if patch.is_paused is not None:
        owner = planning.owner_of(account_id, name)
        await fires.pause(session, owner, is_paused=patch.is_paused, by=by, now=now)


async def follow_zone(session: Session, account_id: UUID, *, now: datetime) -> None:
    """Plan every batch by the account's time zone; until now it was planned by the former one."""
    for name in BatchName:
        if await find_timetable(session, *planning.owner_of(account_id, name)) is None:
            continue
        timetable = await _caught_up(session, account_id, name, now=now)
        schedule = planning.schedule_of(timetable)
        if schedule.ends_at is None:
            await planning.put(session, timetable, schedule.every, is_wanted=True, now=now)


async def force(
    session: Session,
    account_id: UUID,
    name: BatchName,
    *,
    reason: str | None,
    by: str,
    now: datetime,
) -> UUID:
    """Queue a run out of turn; what is planned stays as it is.

    Raises:
        AlreadyRunning: one of its runs is at work.
    """
    await planning.get_timetable(session, account_id, name, now=now)
    at_work = await queries.find_unfinished(session, [account_id])
    running = at_work.get((account_id, planning.IDS[name]), [])
    if running:
        raise AlreadyRunning(run_id=running[0])
    batch_id = planning.IDS[name]
    run = new_run(account_id, batch_id, RunTrigger.FORCE, requested_by=by, reason=reason)
    await queue_runs(session, [run], now=now)
    return run.id


async def skip(
    session: Session, account_id: UUID, name: BatchName, order: SkipOrder, *, by: str, now: datetime
) -> SkipsRead:
    """Let the next planned moments pass without a run."""
    await _caught_up(session, account_id, name, now=now)
    owner = planning.owner_of(account_id, name)
    return await fires.skip(session, owner, order, by=by, until=None, now=now)


async def skip_no_more(
    session: Session, account_id: UUID, name: BatchName, *, by: str, now: datetime
) -> None:
    """Undo what is left to be skipped. Safe to repeat."""
    await _caught_up(session, account_id, name, now=now)
    await fires.skip_no_more(session, planning.owner_of(account_id, name), by=by, now=now)


async def _caught_up(
    session: Session, account_id: UUID, name: BatchName, *, now: datetime
) -> Timetable:
    """The timetable, locked, and every moment that is due recorded by how it stood until now."""
    await planning.get_timetable(session, account_id, name, now=now)
    place = [(account_id, planning.IDS[name])]
    while await firing.fire_due(session, place, secret_key="", now=now, waits=True):
        pass
    return await planning.get_timetable(session, account_id, name, now=now)


def _version(timetable: Timetable | None) -> str:
    every = planning.EVERY if timetable is None else planning.schedule_of(timetable).every
    is_paused = timetable is not None and timetable.is_paused
    return f"{int(every.total_seconds())}s{'-paused' if is_paused else ''}"
