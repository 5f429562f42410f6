"""What a worker process holds: the resources, its name, and how many lanes it may drain."""

import asyncio
import os
import socket
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

from app.core.db import Session
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from app.jobs.code.shelf import Shelf
from workers.code.fitness import Fitness
from workers.proxying.inside.starting import RELAY
from workers.sandbox.bubblewrap import Bubblewrap
from workers.sandbox.driver import Driver
from workers.stumbling import Stumbling


class Work:
    """Given to every task of this process."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.worker_id: UUID = uuid7()
        self.host = socket.gethostname()
        self.pid = os.getpid()
        self.lanes = asyncio.Semaphore(self.settings.workers.lanes)
        # Set at SIGTERM: nothing new is taken, what is at hand is finished.
        self.is_stopping = asyncio.Event()
        # Set when the time for that is up.
        self.is_out_of_time = asyncio.Event()
        # Set when a lane was given back, so that the sweep need not wait for its second.
        self.lane_freed = asyncio.Event()
        # Not set while this process has many moments to fire: they go before new runs.
        self.has_fired = asyncio.Event()
        self.has_fired.set()
        # Set when a run may have become due, so that the bulk side need not wait either.
        self.bulk_wanted = asyncio.Event()
        # Set whenever this process has looked after all schedules; the pulse takes it back.
        self.has_planned = asyncio.Event()
        self.over_windows = Stumbling("windows_not_closed")
        self.over_counters = Stumbling("counters_not_folded")
        self.over_garbage = Stumbling("garbage_not_deleted")
        self.sandbox: Driver = Bubblewrap(self.settings.code, RELAY)
        self.fitness = Fitness(self.sandbox)
        self.shelf = Shelf(
            Path(self.settings.code.scratch).absolute() / "shelf",
            most_bytes=self.settings.code.shelf,
        )

    @property
    def settings(self) -> Settings:
        return self.resources.settings

    @property
    def holder(self) -> str:
        """How this worker signs its leases."""
        return f"{self.host}:{self.pid}"

    def unit_of_work(
        self, *accounts: UUID, purpose: Purpose
    ) -> AbstractAsyncContextManager[Session]:
        """The only commit; see `Resources.unit_of_work`."""
        return self.resources.unit_of_work(*accounts, purpose=purpose)

    async def drained(self) -> None:
        """Wait until no drain of this process is at work, and let none begin."""
        for _ in range(self.settings.workers.lanes):
            await self.lanes.acquire()
