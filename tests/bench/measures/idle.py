"""What a worker costs that has nothing to do: with 100,000 timetables, and with 1,000.

Processor time of the worker and of all of PostgreSQL, while the other arms are frozen. The same
accounts in all arms; nothing of what is planned is due before the measure is over.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from tests.bench.jobs.arm import Planners, cpu_seconds, planners
from tests.bench.jobs.timetables import NOON
from tests.bench.pairs import Plan, compare, in_turns
from tests.bench.rows import Goal, Row, compared, in_hundredths
from tests.bench.stand import Stand

NAME = "idle"
_MANY, _FEW = 100_000, 1_000
_GOAL = Goal(1.5, is_floor=False)
# Three signs of life.
_SECONDS = 15.0
_WARM_UP_SECONDS = 2.0
_AHEAD, _LENGTH = timedelta(days=1), timedelta(days=30)


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Many timetables, few, and few once more."""
    seconds, many = plan.seconds(_SECONDS), plan.size(_MANY, 10_000)

    async def of_a_minute(arm: Planners) -> float:
        async with arm.service.awake():
            await asyncio.sleep(_WARM_UP_SECONDS)
            before = cpu_seconds(arm.service)
            await asyncio.sleep(seconds)
            return (cpu_seconds(arm.service) - before) / seconds * 60

    async with AsyncExitStack() as stack:
        arms = {}
        for name, jobs in (("many", many), ("few", _FEW), ("again", _FEW)):
            arm = arms[name] = await stack.enter_async_context(planners(stand, jobs=jobs))
            await arm.plan(NOON, _LENGTH, jobs, ahead=_AHEAD)
            arm.service.freeze()
        figures = await in_turns(
            plan.pairs,
            {
                "many": lambda: of_a_minute(arms["many"]),
                "few": lambda: of_a_minute(arms["few"]),
                "again": lambda: of_a_minute(arms["again"]),
            },
        )
    return [
        compared(
            NAME,
            f"processor time of an idle minute, {many:,} / {_FEW:,} timetables",
            compare(figures, "many", "few"),
            in_hundredths,
            _GOAL,
        ),
        compared(
            NAME,
            f"the same, {_FEW:,} / {_FEW:,}",
            compare(figures, "again", "few"),
            in_hundredths,
            verdict="noise",
        ),
    ]
