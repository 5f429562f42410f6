"""Runs of groups that somebody asks for: by call, by force, by resuming one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Caller, Held, Operator, Reader
from app.accounts.transaction import Now, Tx
from app.control.showing import begun, busy, read
from app.control.starts_router import ForceOrder
from app.core.db import Session
from app.core.pages import Page
from app.core.problems import problems
from app.core.routes import Route
from app.fires import queries as timetables
from app.fires import service
from app.fires.errors import NotScheduled
from app.fires.schemas import SkipOrder, SkipsRead
from app.groups import queries, timetable
from app.groups.errors import (
    AlreadyResumed,
    GroupExpired,
    GroupNotActive,
    GroupNotFound,
    RunNotResumable,
)
from app.groups.running import starting
from app.groups.running.queries import open_runs
from app.jobs.errors import AlreadyRunning
from app.jobs.timing import schedule_of
from app.models import Group
from app.models.states import GroupState, RunKind, RunTrigger
from app.runs.errors import RunNotFound
from app.runs.queries import get_run
from app.runs.schemas import RunRead
from app.schedules.schemas import FireRead

router = APIRouter(tags=["groups"], route_class=Route)

_GONE = (GroupNotFound, GroupExpired)
_STARTS = (*_GONE, GroupNotActive, AlreadyRunning)


@router.post(
    "/groups/{group_id}/runs",
    status_code=202,
    response_model=RunRead,
    responses=problems(*_STARTS),
)
async def run_group(
    group_id: UUID,
    response: Response,
    caller: Operator,
    tx: Tx,
    now: Now,
    order: ForceOrder | None = None,
) -> RunRead | Response:
    """Run a group now: its jobs, one at a time. If a run of it is at work, that is at Location."""
    return await _start(tx, caller, group_id, RunTrigger.API, order, response, now)


@router.post(
    "/groups/{group_id}/force",
    status_code=202,
    response_model=RunRead,
    responses=problems(*_STARTS),
)
async def force_group(
    group_id: UUID,
    response: Response,
    caller: Operator,
    tx: Tx,
    now: Now,
    order: ForceOrder | None = None,
) -> RunRead | Response:
    """Run a group out of turn: also while it is paused, and without a change to what is planned.

    If a run of it is at work, that one is at Location.
    """
    return await _start(tx, caller, group_id, RunTrigger.FORCE, order, response, now)


@router.post(
    "/groups/{group_id}/skip", response_model=SkipsRead, responses=problems(*_GONE, NotScheduled)
)
async def skip_fires_of_group(
    group_id: UUID, order: SkipOrder, caller: Operator, tx: Tx, now: Now, resources: Held
) -> SkipsRead:
    """Let the next planned moments of a group pass without a run; then all is as before."""
    group = await _caught_up(tx, caller, group_id, resources, now)
    owner = timetable.owner_of(group)
    return await service.skip(tx, owner, order, by=caller.user, until=group.expires_at, now=now)


@router.delete("/groups/{group_id}/skip", status_code=204, responses=problems(*_GONE))
async def skip_no_more_of_group(
    group_id: UUID, caller: Operator, tx: Tx, now: Now, resources: Held
) -> None:
    """Undo what is left to be skipped of a group. Safe to repeat."""
    group = await _caught_up(tx, caller, group_id, resources, now)
    await service.skip_no_more(tx, timetable.owner_of(group), now=now)


@router.get(
    "/groups/{group_id}/schedule/preview",
    response_model=Page[FireRead],
    responses=problems(*_GONE, NotScheduled),
)
async def preview_schedule_of_group(
    group_id: UUID,
    caller: Reader,
    tx: Tx,
    now: Now,
    count: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 10,
) -> dict[str, object]:
    """The next planned moments of a group, and which of them will not run, as far as is known."""
    group = await queries.get_group(tx, caller.account_id, group_id, now=now)
    schedule = schedule_of(group)
    if schedule is None:
        raise NotScheduled
    found = await timetables.find_timetable(tx, *timetable.owner_of(group))
    items = service.preview(schedule, found, after=now, count=count, until=group.expires_at)
    return {"items": items, "next_cursor": None}


@router.post(
    "/runs/{run_id}/resume",
    status_code=202,
    response_model=RunRead,
    tags=["runs"],
    responses=problems(RunNotFound, *_STARTS, RunNotResumable, AlreadyResumed),
)
async def resume_run(
    run_id: UUID,
    response: Response,
    caller: Operator,
    tx: Tx,
    now: Now,
    order: ForceOrder | None = None,
) -> RunRead | Response:
    """Go on with a group's run at the job that failed; what succeeded is not repeated.

    It is a run of its own, and each run is resumed once. If a run of the group is at work, that
    one is at Location.
    """
    run = await get_run(tx, caller.account_id, run_id)
    if run.kind is not RunKind.GROUP or run.subject_id is None:
        raise RunNotResumable
    group = await queries.get_group(tx, caller.account_id, run.subject_id, now=now, lock=True)
    reason = None if order is None else order.reason
    before = await starting.resumable(tx, run)
    if group.state is not GroupState.ACTIVE:
        raise GroupNotActive(state=group.state)
    running = await open_runs(tx, group.account_id, group.id)
    if running:
        return busy(AlreadyRunning(run_id=running[0]), running[0])
    started = await starting.resume(
        tx, group, before, requested_by=caller.user, reason=reason, now=now
    )
    begun(response, started)
    return await read(tx, caller.account_id, started)


async def _start(
    session: Session,
    caller: Caller,
    group_id: UUID,
    trigger: RunTrigger,
    order: ForceOrder | None,
    response: Response,
    now: datetime,
) -> RunRead | Response:
    group = await queries.get_group(session, caller.account_id, group_id, now=now, lock=True)
    if group.state is not GroupState.ACTIVE:
        raise GroupNotActive(state=group.state)
    running = await open_runs(session, group.account_id, group.id)
    if running:
        return busy(AlreadyRunning(run_id=running[0]), running[0])
    started = await starting.start(
        session,
        group,
        trigger=trigger,
        requested_by=caller.user,
        reason=None if order is None else order.reason,
        now=now,
    )
    begun(response, started)
    return await read(session, caller.account_id, started)


async def _caught_up(
    session: Session, caller: Caller, group_id: UUID, resources: Held, now: datetime
) -> Group:
    """The group, locked, with what was due until now recorded."""
    group = await queries.get_group(session, caller.account_id, group_id, now=now, lock=True)
    secret = resources.settings.secret_key.get_secret_value()
    if not await timetable.catch_up(session, group, secret_key=secret, now=now):
        await timetable.follow(session, group, now=now)
    return group
