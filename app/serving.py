"""The API as a process: `penstock serve`."""

import contextlib
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.core import garbage, log
from app.core.settings import Settings
from app.main import create_app


def serve(settings: Settings) -> bool:
    """Serve until SIGTERM, open requests to their end; False if it could not start."""
    log.configure(settings.log)
    app = create_app(settings)
    garbage.look_seldom()
    config = uvicorn.Config(
        app,
        host=settings.http.host,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        # Nothing here asks who is behind a proxy.
        proxy_headers=False,
        timeout_graceful_shutdown=round(settings.http.drain_timeout.total_seconds()),
    )
    server = _Server(config, app)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return server.started


class _Server(uvicorn.Server):
    """Tells streams of events that the process is stopping: it would wait for them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        held = getattr(self._app.state, "resources", None)
        if held is not None:
            held.is_stopping = True
        super().handle_exit(sig, frame)
