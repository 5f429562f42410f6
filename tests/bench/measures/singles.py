"""Single requests a second at 64 connections, new people each: intake alone."""

from tests.bench.opponents import one_insert
from tests.bench.pairs import Pace, Plan, compare, in_turns
from tests.bench.penstock import PENDING, penstock
from tests.bench.rows import Goal, Row, compared, per_second
from tests.bench.stand import Stand
from tests.bench.storms import Storm

NAME = "singles"
_GOAL = Goal(required=1.0, aim=1.5)
_SECONDS = 3.0


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Ours without a worker, ours with one draining at the same time, A1, and A1 once more."""
    seconds = plan.seconds(_SECONDS)
    async with (
        penstock(stand) as ours,
        penstock(stand, has_worker=True) as drained,
        one_insert(stand) as a1,
        one_insert(stand) as again,
    ):
        storms = {
            "ours": Storm(ours, Pace(seconds, first=1_000)),
            "drained": Storm(drained, Pace(seconds, first=1_000)),
            "a1": Storm(a1, Pace(seconds, first=2_000)),
            "again": Storm(again, Pace(seconds, first=2_000)),
        }

        async def with_worker() -> float:
            storm = storms["drained"]
            async with drained.awake():
                await storm.warm_up()
                await drained.until_done(PENDING)
                sent = await storm.send()
                await drained.until_done(PENDING)
                await storm.require_all_taken_in()
            return sent.per_second

        async def intake(name: str) -> float:
            return (await storms[name].intake()).per_second

        figures = await in_turns(
            plan.pairs,
            {
                "ours": lambda: intake("ours"),
                "a1": lambda: intake("a1"),
                "again": lambda: intake("again"),
                "drained": with_worker,
            },
        )
    return [
        compared(
            NAME,
            "requests a second, 64 connections, ours / A1",
            compare(figures, "ours", "a1"),
            per_second,
            _GOAL,
        ),
        compared(
            NAME, "the same, A1 / A1", compare(figures, "again", "a1"), per_second, verdict="noise"
        ),
        compared(
            NAME,
            "the same, one worker draining meanwhile",
            compare(figures, "drained", "a1"),
            per_second,
        ),
    ]
