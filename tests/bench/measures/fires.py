"""Fires: 10,000 spread over a minute, and 10,000 due in the same second.

Real workers, one or two, each round on a database of its own; lateness is from the planned moment
until the commit of its run. Runs are begun and done meanwhile, as ever.
"""

from datetime import timedelta

from tests.bench.jobs.arm import planners
from tests.bench.jobs.timetables import NOON
from tests.bench.load import share_of
from tests.bench.pairs import Plan, compare, in_turns
from tests.bench.rows import Goal, Row, compared, in_hundredths, of_rounds
from tests.bench.stand import Stand

NAME = "fires"
_JOBS = 10_000
_LATENESS_GOAL = Goal(1.0, is_floor=False)
_BURST_GOAL = Goal(3.0, is_floor=False)
_SECOND = timedelta(seconds=1)
# A fifth of the jobs can have whole minutes only: a burst in the middle.
_CALENDAR_SHARE = 20


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Bursts in turns; the minutes as often as the files of a million rows."""
    jobs = plan.size(_JOBS, 1_000)

    async def burst(workers: int) -> float:
        async with planners(stand, jobs=jobs, workers=workers) as arm:
            await arm.plan(NOON, timedelta(), jobs)
            return (await arm.lateness(NOON, jobs))[-1]

    async def minute(workers: int) -> float:
        length = plan.seconds(60.0) * _SECOND
        async with planners(stand, jobs=jobs, workers=workers) as arm:
            await arm.plan(NOON - length / 2, length, jobs, calendar_share=_CALENDAR_SHARE)
            late = await arm.lateness(NOON + length / 2, jobs)
        return share_of(late, 99)

    bursts = await in_turns(
        plan.pairs,
        {"one": lambda: burst(1), "two": lambda: burst(2), "again": lambda: burst(1)},
    )
    minutes = await in_turns(plan.files, {"one": lambda: minute(1), "two": lambda: minute(2)})
    same = f"{jobs:,} due in the same second: until the last run is durable"
    near = f"{jobs:,} due within a minute: p99 of the lateness"
    return [
        of_rounds(NAME, f"{same}, one worker", bursts["one"], in_hundredths, _BURST_GOAL),
        of_rounds(NAME, f"{same}, two workers", bursts["two"], in_hundredths, _BURST_GOAL),
        compared(
            NAME,
            "the same, one worker / one worker",
            compare(bursts, "again", "one"),
            in_hundredths,
            verdict="noise",
        ),
        of_rounds(NAME, f"{near}, one worker", minutes["one"], in_hundredths, _LATENESS_GOAL),
        of_rounds(NAME, f"{near}, two workers", minutes["two"], in_hundredths, _LATENESS_GOAL),
    ]
