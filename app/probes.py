"""What machines ask: alive, ready, how it goes."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app import health
from app.accounts.caller import Held
from app.core.metrics import Standing, render
from app.core.routes import Route

router = APIRouter(tags=["probes"], route_class=Route)


class CheckRead(BaseModel):
    """One neighbour's state."""

    ready: bool
    state: str
    facts: dict[str, Any]


class Readiness(BaseModel):
    """Whether this process can do its work, and each reason."""

    ready: bool
    checks: dict[str, CheckRead]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(resources: Held, response: Response) -> Readiness:
    """Database, migrations, Redis, workers' signs of life, oldest due work."""
    found = await health.checks(resources)
    is_ready = all(check.is_ready for check in found.values())
    if not is_ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return Readiness(
        ready=is_ready,
        checks={
            name: CheckRead(ready=check.is_ready, state=check.state, facts=check.facts)
            for name, check in found.items()
        },
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(resources: Held) -> Response:
    """Prometheus text: this process's counters, every worker's, and how much work waits."""
    try:
        standing = await health.standing_of_work(resources)
        workers = await health.counts_of_workers(resources)
    except (SQLAlchemyError, OSError, TimeoutError):
        standing, workers = Standing(), []
    return Response(render(workers, standing), media_type=CONTENT_TYPE_LATEST)
