"""A worker's loops outlive whatever goes wrong inside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.resources import Resources
from app.core.settings import Settings
from tests.faults.processes import PATIENCE_SECONDS, until
from workers.maintenance import every
from workers.sweep import Sweep
from workers.work import Work


async def test_a_loop_goes_on_after_an_error_that_nobody_foresaw(resources: Resources) -> None:
    work = Work(resources)
    calls = 0

    async def stumble(_: Work, **_options: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            work.is_stopping.set()
        raise LookupError

    async with asyncio.timeout(240):
        await every(work, 0.01, stumble)

    assert calls == 2


async def test_a_loop_comes_again_as_soon_as_its_deed_asks(resources: Resources) -> None:
    work = Work(resources)
    calls = 0

    async def ask(_: Work) -> float:
        nonlocal calls
        calls += 1
        if calls == 2:
            work.is_stopping.set()
        return 0.01

    async with asyncio.timeout(240):
        await every(work, 3_600, ask)

    assert calls == 2


class Stumbling(Resources):
    """Whoever looks everywhere meets what nobody foresaw."""

    looks = 0

    @asynccontextmanager
    async def look_everywhere(self) -> AsyncIterator[AsyncConnection]:
        self.looks += 1
        async with super().look_everywhere() as connection:
            yield connection
            raise LookupError


async def test_the_sweep_goes_on_after_an_error_that_nobody_foresaw(settings: Settings) -> None:
    async with Stumbling(settings) as resources:
        work = Work(resources)
        sweeping = asyncio.create_task(Sweep(work).run())

        async def has_come_again() -> bool:
            return resources.looks > 1

        await until(has_come_again)
        work.is_stopping.set()
        await asyncio.wait_for(sweeping, PATIENCE_SECONDS)
