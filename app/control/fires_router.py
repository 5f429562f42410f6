"""The ledger of planned moments, and what the next ones will come to."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.caller import Reader
from app.accounts.queries import get_account
from app.accounts.transaction import Now, Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.core.values import Moment
from app.fires import queries
from app.fires.schemas import Fired, ForecastRead
from app.jobs.outlook import read_forecast
from app.models.states import FireOutcome, OwnerKind
from app.schedules.rules.planning import far_from

router = APIRouter(tags=["runs"], route_class=Route)

_FORECAST = timedelta(days=7)


@router.get("/fires", response_model=Page[Fired], responses=problems(BadCursor))
async def list_fires(  # noqa: PLR0913, PLR0917  (a filter each)
    caller: Reader,
    tx: Tx,
    kind: Annotated[OwnerKind | None, Query(description="Of what the schedule is.")] = None,
    owner: Annotated[UUID | None, Query(description="Whose schedule: a job's id.")] = None,
    outcome: Annotated[FireOutcome | None, Query(description="What became of it.")] = None,
    from_: Annotated[
        Moment | None, Query(alias="from", description="Planned then or later.")
    ] = None,
    to: Annotated[Moment | None, Query(description="Planned before.")] = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Every planned moment that has passed, the newest first: its run, or why there was none."""
    at = position(
        *(caller.account_id, "fires", cursor, limit),
        *(kind, owner, outcome, from_, to),
    )
    found = await queries.list_fires(
        *(tx, caller.account_id, at),
        owner_kind=kind,
        owner_id=owner,
        outcome=outcome,
        since=from_,
        before=to,
    )
    rows, following = at.page(found, lambda fire: fire.id)
    items = [Fired.model_validate(row.model_dump()) for row in rows]
    return {"items": items, "next_cursor": following}


@router.get("/forecast", response_model=ForecastRead)
async def forecast_fires(
    caller: Reader,
    tx: Tx,
    now: Now,
    until: Annotated[
        Moment | None, Query(description="Up to when; left out, for the next seven days.")
    ] = None,
) -> ForecastRead:
    """What is planned, and which of it will be refused, and why, as things stand now.

    Of jobs, groups, batches and campaigns that launch by a schedule. A run is taken to be as long
    as the job's runs usually were, or as its timeout where there were none; jobs of a group use up
    the day as they will come.
    """
    account = await get_account(tx, caller.account_id)
    end: datetime = now + _FORECAST if until is None else min(until, far_from(now))
    return await read_forecast(tx, account, until=end, now=now)
