"""A kept connection: what becomes of it when the server hangs up."""

from contextlib import AsyncExitStack
from functools import partial

import asyncpg
import pytest
from pydantic import ValidationError

from app.core.driver import Driver
from app.core.failpoints import Purpose
from app.core.resources import Line, Resources
from app.core.settings import Database, Intake, Settings, Workers
from tests.faults.processes import until

MANY = 4


async def pid_of(line: Line) -> tuple[int, Driver]:
    async with line.unit_of_work(purpose=Purpose.REQUEST) as work:
        return await work.driver.fetchval("SELECT pg_backend_pid()"), work.driver


async def are_closed(drivers: list[Driver]) -> bool:
    return all(driver.is_closed() for driver in drivers)


async def test_however_many_connections_have_died_the_next_work_finds_a_living_one(
    settings: Settings, database_url: str
) -> None:
    owner = await asyncpg.connect(database_url)
    async with Resources(settings) as resources:
        async with AsyncExitStack() as lines:
            opened = [await lines.enter_async_context(resources.line()) for _ in range(MANY)]
            held = [await pid_of(line) for line in opened]
        for pid, _ in held:
            await owner.fetchval("SELECT pg_terminate_backend($1)", pid)
        await until(partial(are_closed, [driver for _, driver in held]))

        async with resources.line() as line:
            pid, _ = await pid_of(line)

    await owner.close()
    assert pid not in {pid for pid, _ in held}


@pytest.mark.parametrize(
    "groups",
    [
        {"database": Database(pool=3)},
        {"intake": Intake(transactions=11)},
        {"workers": Workers(lanes=9)},
        {"workers": Workers(runs=9)},
    ],
)
def test_settings_leave_connections_for_what_keeps_none(
    settings: Settings, groups: dict[str, Database | Intake | Workers]
) -> None:
    with pytest.raises(ValidationError, match="PENSTOCK_DATABASE__POOL must be at least 2 above"):
        Settings.model_validate({**settings.model_dump(exclude_unset=True), **groups})
