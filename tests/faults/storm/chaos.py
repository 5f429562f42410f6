"""The faults of a storm: each hits something, and heals it."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import asyncpg
from redis.asyncio import Redis

from app.core import failpoints
from tests.faults.processes import is_stopped
from tests.faults.services import Service
from tests.faults.storm.load import Load
from tests.faults.storm.site import CONNECTIONS, LEASE_SECONDS, Site

_REFUSED = (asyncpg.PostgresError, OSError, asyncpg.InterfaceError)
_TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name LIKE 'penstock%' AND random() < 0.7
"""


class Chaos:
    """Faults in the order that a seed gives; some overlap."""

    def __init__(self, site: Site, load: Load, seed: int) -> None:
        self._site = site
        self._load = load
        self._chance = random.Random(f"chaos {seed}")
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "kill -9 of a worker": self._kill_worker,
            "kill -9 of an API": self._kill_api,
            "kill -9 of PostgreSQL": self._kill_postgres,
            "kill -9 of Valkey": self._kill_valkey,
            "FLUSHALL": self._flush_valkey,
            "SIGSTOP of a worker past its lease": self._stop_worker,
            "PostgreSQL out of connections": self._exhaust_connections,
            "SIGTERM of an API": self._terminate_api,
            "SIGTERM of a worker": self._terminate_worker,
            "other settings": self._load.change_settings,
            "a failpoint in an API": self._arm_api,
            "a failpoint in a worker": self._arm_worker,
        }

    async def run(self, seconds: float) -> None:
        """One fault after the other until the time is over; ends when all are healed."""
        waiting: list[str] = []
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as together:
            while time.monotonic() < end:
                if not waiting:
                    # Every kind once a round, so that a short storm has them all.
                    waiting = list(self._kinds)
                    self._chance.shuffle(waiting)
                kind = waiting.pop()
                self.done[kind] += 1
                together.create_task(self._kinds[kind]())
                await asyncio.sleep(self._chance.uniform(0.2, 3.0))

    async def _kill_worker(self) -> None:
        self._chance.choice(self._site.workers).send(signal.SIGKILL)

    async def _kill_api(self) -> None:
        self._chance.choice(self._site.doors).send(signal.SIGKILL)

    async def _terminate_worker(self) -> None:
        self._chance.choice(self._site.workers).send(signal.SIGTERM)

    async def _terminate_api(self) -> None:
        self._chance.choice(self._site.doors).send(signal.SIGTERM)

    async def _kill_postgres(self) -> None:
        away = self._chance.uniform(0, 1.5)
        async with self._site.database_busy:
            await self._site.postgres.kill()
            await asyncio.sleep(away)
            await self._site.postgres.start()

    async def _exhaust_connections(self) -> None:
        """Take every connection there is, and cut those of the product off."""
        length = self._chance.uniform(0.5, 2.0)
        taken: list[asyncpg.Connection] = []
        async with self._site.database_busy:
            try:
                async with asyncio.timeout(length):
                    while True:
                        await self._take_connections(taken)
                        await asyncio.sleep(0.1)
            except TimeoutError:
                pass
            finally:
                for connection in taken:
                    connection.terminate()

    async def _take_connections(self, taken: list[asyncpg.Connection]) -> None:
        with contextlib.suppress(*_REFUSED):
            if taken:
                await taken[0].fetch(_TERMINATE)
            while len(taken) < CONNECTIONS:
                taken.append(await asyncpg.connect(self._site.postgres.url()))

    async def _kill_valkey(self) -> None:
        away = self._chance.uniform(0, 2)
        async with self._site.valkey_busy:
            await self._site.valkey.kill()
            await asyncio.sleep(away)
            await self._site.valkey.start()

    async def _flush_valkey(self) -> None:
        async with self._site.valkey_busy:
            redis = Redis.from_url(self._site.valkey.url())
            await redis.flushall()
            await redis.aclose()

    async def _stop_worker(self) -> None:
        length = LEASE_SECONDS + self._chance.uniform(0.5, 2)
        worker = self._chance.choice(self._site.workers)
        worker.send(signal.SIGSTOP)
        await asyncio.sleep(length)
        worker.send(signal.SIGCONT)

    async def _arm_api(self) -> None:
        self._arm(self._chance.choice(self._site.doors), "kill")

    async def _arm_worker(self) -> None:
        worker = self._chance.choice(self._site.workers)
        deed = self._chance.choice(["kill", "stop"])
        length = LEASE_SECONDS + self._chance.uniform(0.5, 2)
        self._arm(worker, deed)
        if deed == "stop":
            await _wake_once_stopped(worker, after=length)

    def _arm(self, service: Service, deed: str) -> None:
        """Replace a process by one that is to be hit at some failpoint, sooner or later."""
        name = self._chance.choice(failpoints.names())
        service.once = {"PENSTOCK_FAILPOINT": f"{name}:{self._chance.randint(1, 20)}:{deed}"}
        service.send(signal.SIGKILL)


@asynccontextmanager
async def awake(services: Sequence[Service]) -> AsyncIterator[None]:
    """Whoever comes to the failpoint that it was armed with only now goes on, too."""

    async def wake() -> None:
        while True:
            for service in services:
                if service.process is not None and is_stopped(service.process):
                    service.send(signal.SIGCONT)
            await asyncio.sleep(0.5)

    waking = asyncio.create_task(wake())
    try:
        yield
    finally:
        waking.cancel()


async def _wake_once_stopped(service: Service, *, after: float) -> None:
    """Continue what stands still; a process that is not hit within some seconds is replaced."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(8):
            while service.process is None or not is_stopped(service.process):  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.05)
        await asyncio.sleep(after)
        service.send(signal.SIGCONT)
        return
    service.send(signal.SIGKILL)
