"""What a row costs in chunks: small ones against large ones, a full database against an empty one.

Both stages of one lane, by the worker's own functions. Full and empty differ in the responses:
both have the same people, of whom a few have responses due.
"""

from tests.bench.lane import lane
from tests.bench.pairs import Plan, compare, in_turns
from tests.bench.rows import Goal, Row, compared, microseconds_a_row
from tests.bench.seeding import CROWD
from tests.bench.stand import Stand

NAME = "chunks"
_SIZE_GOAL = Goal(required=1.5, aim=1.2, is_floor=False)
_PAST_GOAL = Goal(required=1.2, aim=1.05, is_floor=False)
_SMALL, _LARGE = 200, 5_000
_SIZE_ROWS, _PAST_ROWS = 10_000, 6_000


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Seconds a row, by size of chunk and by what lies in the database."""
    return [await _by_size(stand, plan), await _by_past(stand, plan)]


async def _by_size(stand: Stand, plan: Plan) -> Row:
    rows = plan.size(_SIZE_ROWS, 5_000)
    async with (
        lane(stand, crowd=CROWD, rows_a_chunk=_SMALL) as small,
        lane(stand, crowd=CROWD, rows_a_chunk=_LARGE) as large,
    ):
        for each in (small, large):
            await each.seed()
            await each.warm_up(_LARGE)
        figures = await in_turns(
            plan.pairs,
            {"small": lambda: small.drained(rows), "large": lambda: large.drained(rows)},
        )
    return compared(
        NAME,
        f"cost a row, chunks of {_SMALL} / {_LARGE:,} rows",
        compare(figures, "small", "large"),
        microseconds_a_row,
        _SIZE_GOAL,
    )


async def _by_past(stand: Stand, plan: Plan) -> Row:
    crowd, rows = plan.size(CROWD, 50_000), plan.size(_PAST_ROWS, 1_000)
    async with lane(stand, crowd=crowd) as full, lane(stand, crowd=crowd) as empty:
        resolved = await full.seed(whole_crowd=True, has_past=True)
        await empty.seed(whole_crowd=True)
        for each in (full, empty):
            await each.warm_up(rows)
        figures = await in_turns(
            plan.pairs,
            {"full": lambda: full.drained(rows), "empty": lambda: empty.drained(rows)},
        )
    return compared(
        NAME,
        f"cost a row, {resolved:,} resolved responses present / none",
        compare(figures, "full", "empty"),
        microseconds_a_row,
        _PAST_GOAL,
    )
