"""The four batches: how each stands, how often it comes by, paused and not."""

from typing import Any

from fastapi import APIRouter, Response

from app.accounts.caller import Manager, Reader
from app.accounts.changes import queries as changes
from app.accounts.transaction import Now, Tx
from app.batches import service
from app.batches.errors import BatchNotFound
from app.batches.naming import Named
from app.batches.schemas import BatchPatch, BatchRead
from app.core import etags
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import Page
from app.core.problems import problems
from app.core.routes import Route
from app.models.states import BatchName
from app.sequences import planning

router = APIRouter(tags=["batches"], route_class=Route)


@router.get("/batches", response_model=Page[BatchRead])
async def list_batches(caller: Reader, tx: Tx) -> dict[str, object]:
    """The four batches, and how each stands."""
    items = [await service.read(tx, caller.account_id, name) for name in BatchName]
    return {"items": items, "next_cursor": None}


@router.get("/batches/{name}", response_model=BatchRead, responses=problems(BatchNotFound))
async def read_batch(caller: Reader, name: Named, tx: Tx, response: Response) -> dict[str, Any]:
    """One batch, and how it stands."""
    etags.show(response, await service.version_of(tx, caller.account_id, name))
    return await service.read(tx, caller.account_id, name)


@router.patch(
    "/batches/{name}",
    response_model=BatchRead,
    responses=problems(BatchNotFound, ChangedMeanwhile),
)
async def change_batch(
    caller: Manager,
    name: Named,
    patch: BatchPatch,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Change how often a batch comes by, pause it, or let it go on. Safe to repeat."""
    account_id = caller.account_id
    await service.change(tx, account_id, name, patch, if_match=if_match, by=caller.user, now=now)
    owner, fields = planning.owner_of(account_id, name), patch.model_fields_set
    await changes.note(tx, owner, "changed", by=caller.user, now=now, fields=fields)
    etags.show(response, await service.version_of(tx, account_id, name))
    return await service.read(tx, account_id, name)
