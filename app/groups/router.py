"""The definitions of groups: made, changed, activated, taken away."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.accounts.caller import Caller, Held, Manager, Reader
from app.accounts.changes import queries as changes
from app.accounts.changes.queries import Deed
from app.accounts.transaction import Now, Tx
from app.core import etags
from app.core.db import Session
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Plain
from app.fires.errors import NotScheduled
from app.groups import queries, reading, service
from app.groups.errors import (
    GroupExpired,
    GroupNameTaken,
    GroupNotFound,
    InvalidGroup,
    JobInAnotherGroup,
)
from app.groups.schemas import GroupCreate, GroupPatch, GroupRead
from app.models import Group
from app.models.states import GroupState, OwnerKind
from app.schedules.errors import GapTooSmall, InvalidSchedule, SlotOver

router = APIRouter(tags=["groups"], route_class=Route)

_GONE = (GroupNotFound, GroupExpired)
_SAVED = (
    *(InvalidGroup, JobInAnotherGroup, GroupNameTaken),
    *(InvalidSchedule, SlotOver, GapTooSmall),
)


@router.post("/groups", status_code=201, response_model=GroupRead, responses=problems(*_SAVED))
async def create_group(
    wanted: GroupCreate, caller: Manager, tx: Tx, now: Now, resources: Held, response: Response
) -> GroupRead:
    """Make a group of jobs that are run on demand alone. It runs only once it is active."""
    secret = resources.settings.secret_key.get_secret_value()
    group = await service.create(tx, caller.account_id, wanted, secret_key=secret, now=now)
    await _noted(tx, caller, group, "created", now)
    response.headers["Location"] = f"/v1/groups/{group.id}"
    return await _shown(tx, group, response, now)


@router.get("/groups", response_model=Page[GroupRead], responses=problems(BadCursor))
async def list_groups(
    caller: Reader,
    tx: Tx,
    now: Now,
    name: Annotated[
        Plain | None, Query(max_length=200, description="Only the group with this name.")
    ] = None,
    state: Annotated[GroupState | None, Query(description="Where it stands.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The groups of the account, oldest first; deleted and expired ones are not among them."""
    at = position(caller.account_id, "groups", cursor, limit, name, state)
    found = await queries.list_groups(tx, caller.account_id, at, now=now, name=name, state=state)
    rows, following = at.page(found, lambda group: group.id)
    items = await reading.read(tx, caller.account_id, rows, now=now)
    return {"items": items, "next_cursor": following}


@router.get("/groups/{group_id}", response_model=GroupRead, responses=problems(*_GONE))
async def read_group(
    group_id: UUID, caller: Reader, tx: Tx, now: Now, response: Response
) -> GroupRead:
    """One group. Once it has expired it is gone (410), and its runs stay readable."""
    group = await queries.get_group(tx, caller.account_id, group_id, now=now)
    return await _shown(tx, group, response, now)


@router.patch(
    "/groups/{group_id}",
    response_model=GroupRead,
    responses=problems(*_GONE, ChangedMeanwhile, *_SAVED, NotScheduled),
)
async def change_group(
    group_id: UUID,
    patch: GroupPatch,
    caller: Manager,
    tx: Tx,
    now: Now,
    resources: Held,
    response: Response,
    if_match: IfMatch = None,
) -> GroupRead:
    """Change the given fields, for runs that have not begun. Safe to repeat."""
    secret = resources.settings.secret_key.get_secret_value()
    group = await service.change(
        tx,
        caller.account_id,
        group_id,
        patch,
        if_match=if_match,
        by=caller.user,
        secret_key=secret,
        now=now,
    )
    await _noted(tx, caller, group, "changed", now, fields=patch.model_fields_set)
    return await _shown(tx, group, response, now)


@router.delete("/groups/{group_id}", status_code=204, responses=problems(*_GONE, ChangedMeanwhile))
async def delete_group(
    group_id: UUID, caller: Manager, tx: Tx, now: Now, resources: Held, if_match: IfMatch = None
) -> None:
    """Take a group away. Its jobs stay, a run that has begun goes on, and runs stay readable."""
    secret = resources.settings.secret_key.get_secret_value()
    await service.delete(
        tx, caller.account_id, group_id, if_match=if_match, secret_key=secret, now=now
    )
    owner = (caller.account_id, OwnerKind.GROUP, group_id)
    await changes.note(tx, owner, "deleted", by=caller.user, now=now)


@router.post(
    "/groups/{group_id}/activate",
    response_model=GroupRead,
    responses=problems(*_GONE, InvalidGroup, GapTooSmall),
)
async def activate_group(
    group_id: UUID, caller: Manager, tx: Tx, now: Now, response: Response
) -> GroupRead:
    """Let a group run: by its schedule, by call. Safe to repeat."""
    group = await service.activate(tx, caller.account_id, group_id, now=now)
    await _noted(tx, caller, group, "activated", now)
    return await _shown(tx, group, response, now)


@router.post("/groups/{group_id}/deactivate", response_model=GroupRead, responses=problems(*_GONE))
async def deactivate_group(
    group_id: UUID, caller: Manager, tx: Tx, now: Now, resources: Held, response: Response
) -> GroupRead:
    """Let no new run of a group begin; one that has begun goes on. Safe to repeat."""
    secret = resources.settings.secret_key.get_secret_value()
    group = await service.deactivate(tx, caller.account_id, group_id, secret_key=secret, now=now)
    await _noted(tx, caller, group, "deactivated", now)
    return await _shown(tx, group, response, now)


async def _noted(
    session: Session,
    caller: Caller,
    group: Group,
    deed: Deed,
    now: datetime,
    fields: Iterable[str] = (),
) -> None:
    """A repeat that has changed nothing leaves no line."""
    if group.updated_at == now:
        owner = (group.account_id, OwnerKind.GROUP, group.id)
        await changes.note(session, owner, deed, by=caller.user, now=now, fields=fields)


async def _shown(session: Session, group: Group, response: Response, now: datetime) -> GroupRead:
    etags.show(response, group.version)
    return (await reading.read(session, group.account_id, [group], now=now))[0]
