"""Processes under supervision: whichever dies is started again at once, as in production."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence

import httpx

from app.demo.sending import Connect, connecting
from tests.faults.ground import Ground
from tests.faults.processes import API, WORKER, Process, Processes, until
from tests.ports import free_port

_NOTICED_SECONDS = 30.0


class Service:
    """One place where a process runs, and how each that ran there ended."""

    def __init__(self, processes: Processes, module: Sequence[str], **settings: str) -> None:
        self._processes = processes
        self._module = module
        self._settings = settings
        self._watching: asyncio.Task[None] | None = None
        self.process: Process | None = None
        self.endings: list[int] = []
        self.is_asked_to_end = False
        self.is_retired = False
        # For the next process only, e.g. an armed failpoint.
        self.once: dict[str, str] = {}
        self._later: list[dict[str, str]] = []

    @property
    def generation(self) -> int:
        """How many processes ran here before this one."""
        return len(self.endings)

    async def start(self, *each: dict[str, str], **once: str) -> None:
        """Start the first process; `once` are settings for it alone.

        Args:
            each: settings for the first one alone, for the second one, and so on.
        """
        self._later = list(each)
        self.once = once
        await self._spawn()
        self._watching = asyncio.create_task(self._watch())

    def send(self, number: signal.Signals) -> None:
        if number is signal.SIGTERM:
            self.is_asked_to_end = True
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def retire(self) -> int:
        """Ask it to end, for good; how it did."""
        self.is_retired = True
        self.send(signal.SIGTERM)
        assert self._watching is not None
        await self._watching
        return self.endings[-1]

    async def end(self) -> None:
        """Kill it, for good."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        self.send(signal.SIGKILL)

    async def _spawn(self) -> None:
        once, self.once = self.once, {}
        if self._later:
            once = self._later.pop(0) | once
        self.process = await self._processes.start(*self._module, **(self._settings | once))
        self.is_asked_to_end = False

    async def _watch(self) -> None:
        while self.process is not None:
            self.endings.append(await self.process.wait())
            if self.is_retired or self._processes.are_ended:
                return
            await self._spawn()


class Door(Service):
    """An API, as its clients see it."""

    def __init__(self, processes: Processes, **settings: str) -> None:
        self.port = free_port()
        # The last generation that answered anybody; one that has not is still starting.
        self.greeted = -1
        self._connects: dict[str, Connect] = {}
        super().__init__(processes, API, PENSTOCK_HTTP__PORT=str(self.port), **settings)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, key: str) -> httpx.AsyncClient:
        """A client of one connection; what is dear about making one is made once a key."""
        if key not in self._connects:
            self._connects[key] = connecting(self.url, key)
        return self._connects[key]()

    async def excuses(self, generation: int) -> bool:
        """Whether a connection to the process of that generation may break.

        It has not answered yet, it ended, or was asked to. A client notices sooner than the one
        who waits for the process.
        """
        if self.greeted < generation:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_NOTICED_SECONDS):
                while self.generation == generation and not self.is_asked_to_end:  # noqa: ASYNC110  (another process)
                    await asyncio.sleep(0.01)
                return True
        return False


async def kill_there(ground: Ground, service: Service) -> None:
    """kill -9; whoever comes next need not wait until what it had taken is free."""
    killed, deaths = service.process, service.generation
    assert killed is not None
    service.send(signal.SIGKILL)

    async def is_gone() -> bool:
        return service.generation > deaths

    await until(is_gone)
    await ground.end_leases_of(killed)


def worker(processes: Processes, **settings: str) -> Service:
    """A place for a worker."""
    return Service(processes, WORKER, **settings)
