"""The sandbox clock: read it, move it forward."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from app.accounts import idempotency
from app.accounts.caller import Caller, Held, Platform, requires
from app.accounts.transaction import Repeatable, Tx, claimed
from app.core.auth import Scope
from app.core.problems import problems
from app.core.resources import Resources
from app.core.routes import Route
from app.core.values import Duration, Moment, Wire
from app.models import INSTALLATION
from app.runs import clock
from app.runs.clock import Clock, ClockGoesForward, ClockIsAdvancing, SandboxOnly

router = APIRouter(tags=["sandbox"], route_class=Route)

ANSWER_WITHIN = timedelta(seconds=30)
_LOOK_SECONDS = 0.1

AnyReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.PLATFORM))]


class ClockRead(BaseModel):
    """Business time, and where it is going."""

    now: datetime
    target: datetime | None
    is_advancing: bool


class ClockAdvance(Wire):
    """How far, or to which moment; one of the two, forward only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "PT30M"}]})

    by: Duration | None = None
    to: Moment | None = None


@router.get("/clock", response_model=ClockRead, responses=problems(SandboxOnly))
async def read_clock(caller: AnyReader, resources: Held, tx: Tx) -> ClockRead:
    """Business time now."""
    _only_in_a_sandbox(resources)
    return _read(await clock.read(tx))


@router.post(
    "/clock/advance",
    response_model=ClockRead,
    responses={
        202: {"model": ClockRead, "description": "Still on its way; see the run at Location."},
        **problems(SandboxOnly, ClockIsAdvancing, ClockGoesForward),
    },
)
async def advance_clock(
    request: Request,
    order: ClockAdvance,
    caller: Platform,
    resources: Held,
    response: Response,
    key: Repeatable = None,
) -> ClockRead:
    """Move business time forward, letting everything due on the way finish."""
    _only_in_a_sandbox(resources)
    async with resources.unit_of_work(INSTALLATION) as session:
        claim = await claimed(session, request, INSTALLATION, key) if key else None
        run_id, _ = await clock.ask(session, by=order.by, to=order.to, who=caller.user)
        location = f"/v1/runs/{run_id}"
        if claim:
            accepted = Response(
                _read(await clock.read(session)).model_dump_json(),
                202,
                {"Location": location},
                media_type="application/json",
            )
            await idempotency.keep(session, claim, accepted, bytes(accepted.body))
    found = await _until_done(resources, run_id)
    if found.run_id == run_id:
        response.status_code = 202
        response.headers["Location"] = location
        response.headers["Retry-After"] = "1"
    return _read(found)


async def _until_done(resources: Resources, run_id: UUID) -> Clock:
    """The clock once the run is over, or as it stands when the time for an answer is up."""
    end = asyncio.get_running_loop().time() + ANSWER_WITHIN.total_seconds()
    while True:
        async with resources.unit_of_work(INSTALLATION) as session:
            found = await clock.read(session)
        if found.run_id != run_id or asyncio.get_running_loop().time() >= end:
            return found
        await asyncio.sleep(_LOOK_SECONDS)


def _only_in_a_sandbox(resources: Resources) -> None:
    if not resources.settings.sandbox:
        raise SandboxOnly


def _read(found: Clock) -> ClockRead:
    return ClockRead(now=found.now, target=found.target, is_advancing=found.run_id is not None)
