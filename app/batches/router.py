"""The four batches: how each stands, how often it comes by, paused and not."""

from typing import Any

from fastapi import APIRouter

from app.accounts.caller import Manager, Reader
from app.accounts.changes import queries as changes
from app.accounts.transaction import Now, Tx
from app.batches import service
from app.batches.errors import BatchNotFound
from app.batches.naming import Named
from app.batches.schemas import BatchPatch, BatchRead
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
async def read_batch(caller: Reader, name: Named, tx: Tx) -> dict[str, Any]:
    """One batch, and how it stands."""
    return await service.read(tx, caller.account_id, name)


@router.patch("/batches/{name}", response_model=BatchRead, responses=problems(BatchNotFound))
async def change_batch(
    caller: Manager, name: Named, patch: BatchPatch, tx: Tx, now: Now
) -> dict[str, Any]:
    """Change how often a batch comes by, pause it, or let it go on. Safe to repeat."""
    await service.change(tx, caller.account_id, name, patch, by=caller.user, now=now)
    owner, fields = planning.owner_of(caller.account_id, name), patch.model_fields_set
    await changes.note(tx, owner, "changed", by=caller.user, now=now, fields=fields)
    return await service.read(tx, caller.account_id, name)
