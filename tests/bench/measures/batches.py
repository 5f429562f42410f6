"""A batch that goes by a million participants of 50 sequences, of whom a twentieth is due.

By the worker's own function on real resources, from the claim of a forced run to its end; the
memory is that of a real worker. With a tenth of the participants as many are due.
"""

from tests.bench.batches.arm import crowd
from tests.bench.pairs import Comparison, Plan, compare, in_turns
from tests.bench.rows import Goal, Row, compared, in_hundredths, megabytes, of_rounds
from tests.bench.stand import Stand

NAME = "batches"
_MANY, _FEW, _SHARE = 1_000_000, 100_000, 20
_UPDATE_GOAL = Goal(6, is_floor=False)
_IDLE_GOAL = Goal(1.0, is_floor=False)
_GROWTH_GOAL = Goal(1.3, is_floor=False)
_MEMORY_GOAL = Goal(1.25, is_floor=False)


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Runs and plain updates in turns, then the memory of one worker each."""
    many, few = plan.size(_MANY, 100_000), plan.size(_FEW, 10_000)
    due = many // _SHARE
    async with (
        crowd(stand, participants=many, due=due) as large,
        crowd(stand, participants=few, due=due) as small,
    ):
        arms = {"large": large.run, "small": small.run, "update": large.update}
        figures = await in_turns(plan.pairs, {**arms, "again": large.run})
        await large.run()
        idle = await in_turns(plan.pairs, {"idle": large.idle})
        old, young = await large.peak_of_a_worker(), await small.peak_of_a_worker()
    grown = Comparison(float(old), float(young), old / young, old / young)
    shown = f"{due:,} actions due"
    return [
        compared(
            NAME,
            f"a run with {shown} of {many:,} participants / UPDATE of the same rows",
            compare(figures, "large", "update"),
            in_hundredths,
            _UPDATE_GOAL,
        ),
        compared(
            NAME,
            "the same, run / run",
            compare(figures, "again", "large"),
            in_hundredths,
            verdict="noise",
        ),
        compared(
            NAME,
            f"a run with {shown}, {many:,} / {few:,} participants",
            compare(figures, "large", "small"),
            in_hundredths,
            _GROWTH_GOAL,
        ),
        of_rounds(
            NAME, f"nothing due of {many:,} participants", idle["idle"], in_hundredths, _IDLE_GOAL
        ),
        compared(
            NAME,
            f"peak memory of a worker, {many:,} / {few:,} participants",
            grown,
            megabytes,
            _MEMORY_GOAL,
        ),
    ]
