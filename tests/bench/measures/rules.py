"""What fifty rules cost: a scoring chunk of 200 rows against one UPDATE of the same 200 rows.

Both through the same unit of work on the same connections, the commit included.
"""

import statistics
import time
from uuid import UUID

from app.core.failpoints import Purpose
from app.models.states import Stage
from tests.bench.errors import Wrong
from tests.bench.fifty_rules import fifty_rules
from tests.bench.lane import Lane, lane
from tests.bench.pairs import Plan, compare
from tests.bench.rows import Goal, Row, compared, milliseconds
from tests.bench.seeding import CROWD
from tests.bench.stand import Stand
from workers.scoring import Drain

NAME = "rules"
_GOAL = Goal(required=3, aim=1.5, is_floor=False)
_ROWS = 200
_CHUNKS = 20
_UPDATE = "UPDATE responses SET score = 1 WHERE account_id = $1 AND id = ANY ($2::uuid[])"


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Medians of a round's chunks; which of the two comes first alternates from chunk to chunk."""
    chunks = plan.size(_CHUNKS, 4)
    figures: dict[str, list[float]] = {"chunk": [], "update": []}
    rules = fifty_rules()
    async with lane(stand, crowd=CROWD, rules=rules) as fifty:
        await fifty.seed()
        await fifty.warm_up(_ROWS)
        await _round(fifty, 2)
        for _ in range(plan.pairs):
            for name, seconds in (await _round(fifty, chunks)).items():
                figures[name].append(statistics.median(seconds))
    return [
        compared(
            NAME,
            f"scoring chunk of {_ROWS} rows, {len(rules)} rules / UPDATE of the same rows",
            compare(figures, "chunk", "update"),
            milliseconds,
            _GOAL,
        )
    ]


async def _round(lane: Lane, chunks: int) -> dict[str, list[float]]:
    ids = await lane.fill(chunks * _ROWS)
    await lane.stand.quiet()
    drain = await lane.claim()
    seconds: dict[str, list[float]] = {"chunk": [], "update": []}
    for number in range(chunks):
        rows = ids[number * _ROWS : (number + 1) * _ROWS]
        if number % 2 == 0:
            seconds["chunk"].append(await _scored(drain))
            seconds["update"].append(await _updated(lane, rows))
        else:
            seconds["update"].append(await _updated(lane, rows))
            seconds["chunk"].append(await _scored(drain))
    is_drained = await drain.work_for_a_turn()
    await drain.release(is_drained=is_drained)
    if drain.tally.succeeded != len(ids):
        raise Wrong(f"of {len(ids)} rows {drain.tally.succeeded} were resolved")
    await lane.require_nothing_due()
    return seconds


async def _scored(drain: Drain) -> float:
    began = time.perf_counter()
    rows = await drain._chunk(Stage.SCORING)
    seconds = time.perf_counter() - began
    if rows != _ROWS:
        raise Wrong(f"a chunk had {rows} rows")
    return seconds


async def _updated(lane: Lane, rows: list[UUID]) -> float:
    began = time.perf_counter()
    async with lane.line.unit_of_work(lane.account_id, purpose=Purpose.SCORING) as work:
        done = await work.driver.execute(_UPDATE, lane.account_id, rows)
    seconds = time.perf_counter() - began
    if done != f"UPDATE {_ROWS}":
        raise Wrong(f"{done} instead of {_ROWS}")
    return seconds
