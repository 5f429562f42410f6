"""What one sender waits for one answer: median latency over one connection."""

from tests.bench.opponents import one_insert
from tests.bench.pairs import Pace, Plan, compare, in_turns
from tests.bench.penstock import penstock
from tests.bench.rows import Goal, Row, compared, milliseconds
from tests.bench.stand import Stand
from tests.bench.storms import Storm

NAME = "one_connection"
_GOAL = Goal(required=1.5, aim=1.2, is_floor=False)
_SECONDS = 1.5


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Ours without a worker, A1, and A1 once more."""
    seconds = plan.seconds(_SECONDS)
    async with penstock(stand) as ours, one_insert(stand) as a1, one_insert(stand) as again:
        storms = {
            name: Storm(service, Pace(seconds, first=400), connections=1)
            for name, service in (("ours", ours), ("a1", a1), ("again", again))
        }

        async def median(name: str) -> float:
            return (await storms[name].intake()).p50_seconds

        figures = await in_turns(
            plan.pairs,
            {
                "ours": lambda: median("ours"),
                "a1": lambda: median("a1"),
                "again": lambda: median("again"),
            },
        )
    return [
        compared(
            NAME,
            "median latency, one connection, ours / A1",
            compare(figures, "ours", "a1"),
            milliseconds,
            _GOAL,
        ),
        compared(
            NAME,
            "the same, A1 / A1",
            compare(figures, "again", "a1"),
            milliseconds,
            verdict="noise",
        ),
    ]
