"""Keeps children alive, and ends them in order.

started ──▶ running ──▶ died ──▶ pause 0.5 s, doubling to 30 s ──▶ started …
               └──▶ stopped, the last started storey first

A child that lived for a minute starts again with the shortest pause.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.embedded.processes import Child, describe
from app.embedded.terminal import Say, say


class Supervised(Protocol):
    """What the supervisor asks of a child."""

    @property
    def name(self) -> str: ...

    @property
    def pid(self) -> int | None: ...

    async def start(self) -> None: ...

    async def died(self) -> str: ...

    async def stop(self, hurry: asyncio.Event | None = None) -> None: ...


@dataclass
class Service:
    """A child that counts as started with its process: the API, a worker."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    drain: float = 30.0  # seconds it may finish what it has at hand
    _child: Child | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.poll() is None else None

    async def start(self) -> None:
        self._child = Child.spawn(self.command, log=self.log, env=self.env)

    async def died(self) -> str:
        """Wait until it is dead, and say how it died."""
        return describe(await self._child.wait()) if self._child else "not started"

    async def stop(self, hurry: asyncio.Event | None = None) -> None:
        """Let it drain, then kill it; at once when `hurry` is set."""
        if self._child is not None:
            await self._child.end(signal.SIGTERM, grace=self.drain, hurry=hurry)
            await self._child.kill()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between a death and the next start."""

    first: float = 0.5
    most: float = 30.0
    calm: float = 60.0  # a life this long forgives the deaths before it


class Supervisor:
    """Storeys of children: started from the lowest, stopped from the highest.

    `changed` is called after every start and death.
    """

    def __init__(
        self,
        *,
        tell: Say = say,
        changed: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        self._tell = tell
        self._changed = changed
        self._backoff = backoff or Backoff()
        self._storeys: list[list[tuple[Supervised, asyncio.Task[None]]]] = []

    def pids(self) -> dict[str, int]:
        """The children alive, by name."""
        children = (child for storey in self._storeys for child, _ in storey)
        return {child.name: child.pid for child in children if child.pid is not None}

    async def add_storey(self, *children: Supervised) -> None:
        """Start children side by side and keep them alive; they stop before all added earlier.

        Raises:
            EmbeddedError: one did not start at all; none of them is left running.
        """
        starts = [asyncio.ensure_future(child.start()) for child in children]
        try:
            await asyncio.gather(*starts)
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            await asyncio.gather(*(child.stop() for child in children))
            raise
        self._storeys.append(
            [(child, asyncio.create_task(self._keep_alive(child, child.pid))) for child in children]
        )
        self._changed()

    async def stop(self, hurry: asyncio.Event | None = None) -> None:
        """Stop every child, storey by storey; repeatable. `hurry` may be set while it goes on."""
        while self._storeys:
            storey = self._storeys[-1]
            # No longer watched first, or a child that stops would be started again.
            for _, watch in storey:
                watch.cancel()
            await asyncio.gather(*(watch for _, watch in storey), return_exceptions=True)
            await asyncio.gather(*(child.stop(hurry) for child, _ in storey))
            self._storeys.pop()

    async def _keep_alive(self, child: Supervised, pid: int | None) -> None:
        pause, started = self._backoff.first, time.monotonic()
        while True:
            how = await child.died()
            if time.monotonic() - started >= self._backoff.calm:
                pause = self._backoff.first
            self._changed()
            self._tell(f"{child.name} (pid {pid}) died: {how}. It starts again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause, started = min(2 * pause, self._backoff.most), time.monotonic()
            try:
                await child.start()
            except Exception as error:  # whatever it is, it will be tried again
                self._tell(f"{child.name}: {error}")
                continue
            pid = child.pid
            self._tell(f"{child.name} runs again (pid {pid}).")
            self._changed()
