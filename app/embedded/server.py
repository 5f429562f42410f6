"""What PostgreSQL and Valkey have in common as children: a port they keep, and a start that
ends only when they answer."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from app.embedded.errors import StartFailed
from app.embedded.ports import LOOPBACK, free_port, why_taken
from app.embedded.processes import Child, describe, tail

_POLL = 0.02
_ATTEMPTS = 5


class Server(ABC):
    """A server on a port of the loopback address, the same one after every start."""

    name: ClassVar[str]
    patience: ClassVar[float]  # seconds until a server that neither answers nor ends is given up

    def __init__(self, *, log: Path, port: int | None) -> None:
        self.port = port or free_port()
        self._may_move = port is None
        self._log = log
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        return self._child.pid if self._child and self._child.poll() is None else None

    async def start(self) -> None:
        """Start it and wait until it answers; cut short, it leaves nothing running.

        Raises:
            StartFailed: it ended instead; the error carries the end of its log.
            MissingWheel: there is no program to start.
        """
        await self._prepare()
        for attempt in range(1, _ATTEMPTS + 1):
            self._child = self._spawn()
            try:
                reason = await self._until_ready(self._child)
            except BaseException:
                self._child.kill_now()
                raise
            if reason is None:
                # From now on others know the port.
                self._may_move = False
                return
            await self._child.kill()
            # Between choosing a port and listening on it, somebody else may take it.
            if attempt == _ATTEMPTS or not self._may_move or not why_taken(LOOPBACK, self.port):
                raise self._failure(reason)
            self.port = free_port()

    async def kill(self) -> None:
        """End it without asking."""
        if self._child is not None:
            await self._child.kill()

    async def died(self) -> str:
        """Wait until it is dead, and say how it died."""
        return describe(await self._child.wait()) if self._child else "not started"

    @abstractmethod
    async def stop(self, hurry: asyncio.Event | None = None) -> None:
        """End it cleanly; at once when `hurry` is set."""

    @abstractmethod
    async def _prepare(self) -> None:
        """Make what it needs."""

    @abstractmethod
    def _spawn(self) -> Child:
        """Start its process."""

    @abstractmethod
    async def _answers(self, child: Child) -> bool:
        """Whether this very process answers."""

    async def _until_ready(self, child: Child) -> str | None:
        """Wait until it answers, and return None; or the reason why it will not."""
        try:
            async with asyncio.timeout(self.patience):
                while not await self._answers(child):
                    if (code := child.poll()) is not None:
                        return describe(code)
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            return f"no answer after {self.patience:g} s"
        return None

    def _failure(self, reason: str) -> StartFailed:
        return StartFailed(name=self.name, reason=reason, log=self._log, tail=tail(self._log))
