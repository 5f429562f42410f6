"""10,000 events to ten endpoints, one of which never answers, beside nine that all do.

The nine have to get all of theirs, once, in the time it takes without the tenth. One pair only:
90,000 deliveries take minutes.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.bench.errors import Wrong
from tests.bench.pairs import Comparison, Plan
from tests.bench.penstock import penstock, require
from tests.bench.rows import Goal, Row, bounded, compared, in_seconds, megabytes, per_second
from tests.bench.service import Service, attacker, hear, tell
from tests.bench.stand import Stand

NAME = "webhooks"
_RATE = Goal(required=500)
_DELAY = Goal(required=1.5, aim=1.1, is_floor=False)
_MEMORY = Goal(required=1.2, aim=1.05, is_floor=False)
_HEALTHY = 9
_LONGEST_SECONDS = 300.0
_ALLOWED = {"PENSTOCK_WEBHOOKS__ALLOW_PRIVATE": "true"}
# As a busy account makes them: some in each transaction.
_AT_ONCE = 100
_HAPPEN = """
INSERT INTO events (account_id, id, type, data, occurred_at)
SELECT a.id, gen_random_uuid(), 'run.succeeded', $1::jsonb, clock_timestamp()
  FROM accounts a, generate_series(1, $2) WHERE a.name = 'bench'
"""
_DELIVERED = "SELECT count(*) FROM deliveries WHERE state = 'succeeded'"


@dataclass(frozen=True)
class Told:
    """How one arm did."""

    per_second: float
    p99_seconds: float
    early_bytes: int
    late_bytes: int


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Both arms, one after the other, each with a database and receivers of its own."""
    events = plan.size(10_000, 400)
    alone = await _arm(stand, events, hanging=0)
    beside = await _arm(stand, events, hanging=1)
    what = f"{events:,} events, {_HEALTHY} healthy endpoints and one that hangs"
    delay = beside.p99_seconds / alone.p99_seconds
    grown = beside.late_bytes / beside.early_bytes
    return [
        bounded(NAME, f"deliveries a second, {what}", beside.per_second, per_second, _RATE),
        compared(
            NAME,
            f"delay, p99, {what} / without it",
            Comparison(beside.p99_seconds, alone.p99_seconds, delay, delay),
            in_seconds,
            _DELAY,
        ),
        compared(
            NAME,
            "the worker's memory at the end / after a tenth",
            Comparison(beside.late_bytes, beside.early_bytes, grown, grown),
            megabytes,
            _MEMORY,
        ),
    ]


async def _arm(stand: Stand, events: int, *, hanging: int) -> Told:
    wanted = events * _HEALTHY
    async with (
        penstock(stand, has_worker=True, environment=_ALLOWED) as ours,
        attacker("tests.bench.receivers") as receivers,
    ):
        said = {"endpoints": _HEALTHY + hanging, "hanging": hanging}
        await tell(receivers, json.dumps(said))
        ports = json.loads(await hear(receivers))
        async with ours.awake():
            await _subscribe(ours, ports)
            began = time.monotonic()
            await _happen(ours, events)
            early = 0
            while (seen := await _seen(receivers))["received"] < wanted:
                if time.monotonic() - began > _LONGEST_SECONDS:
                    raise Wrong(f"{seen} of {wanted:,} deliveries")
                if not early and seen["received"] > wanted / 10:
                    early = ours.processes["worker"].resident_bytes()
                await asyncio.sleep(0.25)
            took = seen["last"]
            late = ours.processes["worker"].resident_bytes()
            await ours.until_done(f"SELECT ({_DELIVERED}) < {wanted}")
        if seen["received"] != wanted or set(seen["distinct"][hanging:]) != {events}:
            raise Wrong(f"not each event once to each healthy endpoint: {seen}")
    return Told(wanted / took, seen["p99"], early, late)


async def _subscribe(ours: Service, ports: list[int]) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{ours.port}/v1",
        headers={"Authorization": f"Bearer {ours.token}"},
        trust_env=False,
    ) as http:
        for port in ports:
            url = f"http://127.0.0.1:{port}/"
            require(await http.post("/webhook-endpoints", json={"url": url}))


async def _happen(ours: Service, events: int) -> None:
    async with ours.stand.owner(ours.database_url) as connection:
        for _ in range(events // _AT_ONCE):
            await connection.execute(_HAPPEN, json.dumps({"at": time.monotonic()}), _AT_ONCE)


async def _seen(receivers: asyncio.subprocess.Process) -> dict[str, Any]:
    await tell(receivers, "how many")
    return dict(json.loads(await hear(receivers)))
