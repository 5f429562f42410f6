"""How much the API and a worker grow from their first 100,000 responses to a million.

One series, no pairs: a process cannot be made young again. Measured last, it takes what time is
left, and says how many responses that was enough for.
"""

import time
from collections.abc import Iterable

from tests.bench import sample
from tests.bench.errors import Wrong
from tests.bench.pairs import Comparison, Plan
from tests.bench.penstock import PENDING, RESOLVED, TAKEN_IN, penstock
from tests.bench.rows import Goal, Row, compared, megabytes
from tests.bench.service import BATCH, Service
from tests.bench.stand import Stand

NAME = "memory"
_GOAL = Goal(required=1.1, aim=1.03, is_floor=False)
_PEOPLE, _CAMPAIGNS, _AT_A_TIME = 50_000, 200, 10
_BATCH_ROWS, _CONNECTIONS = 1_000, 4
_SHARE = 50_000
_FIRST, _LAST = 100_000, 1_000_000
_LONGEST_SECONDS = 360.0


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Resident memory of both processes after the first and after the last share, drained."""
    share = plan.size(_SHARE, 2_000)
    first, last = plan.size(_FIRST, 4_000), plan.size(_LAST, 12_000)
    until = min(plan.ends_at, time.monotonic() + _LONGEST_SECONDS)
    campaigns = [f"c{number}" for number in range(_CAMPAIGNS)]
    async with penstock(stand, has_worker=True, campaigns=campaigns) as ours, ours.awake():
        slowest = 0.0
        young: dict[str, int] = {}
        began = time.monotonic()
        while ours.rows_sent < last and time.monotonic() + slowest < until:
            started = time.monotonic()
            await _send(ours, ours.numbers(share), campaigns)
            if ours.rows_sent == first:
                young = await _weighed(ours)
            slowest = max(slowest, time.monotonic() - started)
        if not young:
            raise Wrong(f"not even {first:,} responses in the time there was")
        old = await _weighed(ours)
        rate = ours.rows_sent / (time.monotonic() - began)
        await ours.require_count(TAKEN_IN, ours.rows_sent, "responses taken in")
        await ours.require_count(RESOLVED, ours.rows_sent, "responses resolved")
        what = f"after {ours.rows_sent:,} / {first:,} responses ({rate:,.0f} rows/s), one series"
    return [
        compared(NAME, f"{name}, {what}", _grown(young[name], old[name]), megabytes, _GOAL)
        for name in ("api", "worker")
    ]


async def _send(ours: Service, numbers: Iterable[int], campaigns: list[str]) -> None:
    responses = [sample.response("bench", n, n % _PEOPLE, campaigns[_campaign(n)]) for n in numbers]
    bodies = sample.batches(responses, _BATCH_ROWS)
    rows = len(responses)
    await ours.send(bodies, connections=_CONNECTIONS, path=BATCH, rows=rows, is_timed=False)
    await ours.until_done(PENDING)


def _campaign(number: int) -> int:
    """Ten campaigns at a time take turns at all people; no person meets one of them twice."""
    lap, of = divmod(number, _PEOPLE)
    return (lap * _AT_A_TIME + of % _AT_A_TIME) % _CAMPAIGNS


async def _weighed(ours: Service) -> dict[str, int]:
    await ours.stand.quiet()
    return {name: process.resident_bytes() for name, process in ours.processes.items()}


def _grown(young: int, old: int) -> Comparison:
    ratio = old / young
    return Comparison(float(old), float(young), ratio, ratio)
