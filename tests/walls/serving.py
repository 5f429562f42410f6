"""The whole service behind a real port, in a thread of its own, for clients that block."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI

from app.core.resources import Resources
from app.core.settings import Settings
from app.main import create_app
from workers.clock import advance_if_asked
from workers.maintenance import beat, every, fold_counters
from workers.sweep import Sweep
from workers.work import Work

Result = TypeVar("Result")


class Service(uvicorn.Server):
    """The API on a free port of the loopback address, and a worker beside it."""

    def __init__(self, settings: Settings) -> None:
        self.app: FastAPI = create_app(settings)
        super().__init__(
            uvicorn.Config(self.app, port=0, log_config=None, access_log=False, ws="none")
        )
        self._loop = uvloop.new_event_loop()
        self._is_decided = threading.Event()

    @property
    def url(self) -> str:
        host, port = self.servers[0].sockets[0].getsockname()
        return f"http://{host}:{port}"

    @property
    def resources(self) -> Resources:
        found: Resources = self.app.state.resources
        return found

    def do(self, deed: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the service's own loop, where its connections live."""
        return asyncio.run_coroutine_threadsafe(deed, self._loop).result()

    def wait_until_up(self) -> None:
        self._is_decided.wait()
        assert self.started, "the service did not start"

    def live(self) -> None:
        """Serve until told to exit: the whole life of its thread."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self.serve())
        finally:
            self._is_decided.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._work = Work(self.resources)
        await beat(self._work)
        self._loops = [
            asyncio.create_task(Sweep(self._work).run()),
            asyncio.create_task(every(self._work, 5, beat)),
            asyncio.create_task(every(self._work, 1, fold_counters)),
            asyncio.create_task(every(self._work, 0.05, advance_if_asked)),
        ]
        self._is_decided.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._work.is_stopping.set()
        await asyncio.gather(*self._loops)
        await super().shutdown(sockets)


@contextmanager
def running(settings: Settings) -> Iterator[Service]:
    """The service while the block lasts."""
    service = Service(settings)
    thread = threading.Thread(target=service.live, name="service")
    thread.start()
    try:
        service.wait_until_up()
        yield service
    finally:
        service.should_exit = True
        thread.join()
