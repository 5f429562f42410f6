"""The engine in the test's own process: the same drains as a worker's, run when told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.db import driver_url
from app.core.resources import Line, Resources
from workers.sweep import settle
from workers.work import Work

Settle = Callable[[], Awaitable[None]]
Advance = Callable[[timedelta], Awaitable[None]]


@pytest.fixture
async def work(resources: Resources) -> Work:
    return Work(resources)


@pytest.fixture
async def line(resources: Resources) -> AsyncIterator[Line]:
    async with resources.line() as opened:
        yield opened


@pytest.fixture(name="settle")
def settle_fixture(work: Work) -> Settle:
    """Does everything that is due now: closes ripe windows, drains every due lane."""

    async def everything() -> None:
        await settle(work)

    return everything


def advancing(database_url: str) -> Advance:
    """Moves business time forward, as the sandbox clock does; it never goes back."""

    async def by(step: timedelta) -> None:
        engine = create_async_engine(driver_url(database_url), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(
                text('UPDATE business_clock SET "offset" = "offset" + :step'), {"step": step}
            )
        await engine.dispose()

    return by


@pytest.fixture
def advance(database_url: str) -> Advance:
    """Of the database that all tests of this pytest process share."""
    return advancing(database_url)
