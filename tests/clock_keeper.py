"""A worker of the test's own process that looks after the sandbox clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.resources import Resources
from workers.clock import advance_if_asked
from workers.work import Work


@asynccontextmanager
async def keeping_the_clock(resources: Resources) -> AsyncIterator[None]:
    """Advance the clock for whoever asks, as `python -m workers.main` does."""
    work = Work(resources)

    async def look() -> None:
        while True:
            await advance_if_asked(work)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(look())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
