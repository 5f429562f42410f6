"""The application: routers, errors, the resources it holds while it lives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from fastapi_offline import FastAPIOffline

from app import probes
from app.accounts.idempotency import Replayed
from app.api import PREFIX, api
from app.core import problems
from app.core.files.opening import mark
from app.core.middleware import BodyLimit, RequestContext
from app.core.resources import Resources
from app.core.settings import Settings
from app.documents import describe
from app.notifications.webhooks import router as webhooks
from app.responses.intake.desk import Desk
from app.responses.intake.express import Express

VERSION = "0.1.0"
DESCRIPTION = """
Penstock takes campaign responses durably, holds them where holding helps, scores them in chunks,
resolves them, and can say of every one what became of it.
"""

# Of the process: whatever an app finds out about its routes, the next one knows.
_routes = APIRouter()
_routes.include_router(probes.router)
_routes.include_router(api, prefix=PREFIX)


def resolve_routes() -> None:
    """Find out what each route takes and answers; it takes longer than anything else of a start,
    and the first request would wait for it.
    """
    for _ in iter_route_contexts(_routes.routes):
        pass


def create_app(settings: Settings) -> FastAPI:
    """The API, ready to be served; it connects to nothing before it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        resolve_routes()
        async with Resources(settings) as resources:
            app.state.resources = resources
            await mark(resources.files)
            async with Desk(resources) as desk:
                app.state.desk = desk
                yield

    app: FastAPI = FastAPIOffline(
        title="Penstock",
        version=VERSION,
        routes=_routes.routes,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        # Nothing here configures a provider; asking for one took a sixteenth of every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        webhooks=webhooks,
        # A redirect would send the key to whatever Host and scheme this process believes in.
        redirect_slashes=False,
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way
    app.add_middleware(Express)
    app.add_middleware(BodyLimit, max_body=settings.http.max_body)
    app.add_middleware(RequestContext)
    problems.install(app)
    app.add_exception_handler(Replayed, _replay)
    return app


async def _replay(_: Request, error: Exception) -> Response:
    if not isinstance(error, Replayed):
        raise error
    return error.response
