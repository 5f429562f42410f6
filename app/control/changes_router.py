"""Who changed which definition."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Reader
from app.accounts.changes import queries
from app.accounts.changes.schemas import ChangeRead
from app.accounts.transaction import Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.models.states import OwnerKind

router = APIRouter(tags=["runs"], route_class=Route)


@router.get("/changes", response_model=Page[ChangeRead], responses=problems(BadCursor))
async def list_changes(
    caller: Reader,
    tx: Tx,
    kind: Annotated[OwnerKind | None, Query(description="Of what.")] = None,
    owner: Annotated[UUID | None, Query(description="Of which: a job's id.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Who changed, published, skipped or deleted what, the newest first, for 400 days.

    Who called, forced or cancelled something is said by its run, who paused by its fires as well.
    """
    at = position(caller.account_id, "changes", cursor, limit, kind, owner)
    found = await queries.list_changes(tx, caller.account_id, at, owner_kind=kind, owner_id=owner)
    rows, following = at.page(found, lambda change: change.id)
    return {"items": rows, "next_cursor": following}
