"""What the doorbell is worth: single requests until resolved, with Valkey stopped and running."""

from tests.bench.pairs import Pace, Plan, compare, in_turns
from tests.bench.penstock import PENDING, RESOLVED, UNRESOLVED, penstock
from tests.bench.rows import Goal, Row, compared, per_second
from tests.bench.stand import Stand
from tests.bench.storms import Storm

NAME = "redis"
_GOAL = Goal(required=0.8, aim=0.95)
_SECONDS = 5.0


async def measure(stand: Stand, plan: Plan) -> list[Row]:
    """Two services; the Valkey of one is killed once its processes are up."""
    seconds = plan.seconds(_SECONDS)
    lost = stand.new_valkey()
    await lost.start()
    try:
        async with (
            penstock(stand, has_worker=True, redis_url=lost.url()) as without,
            penstock(stand, has_worker=True) as ours,
        ):
            await lost.kill()
            storms = {
                name: Storm(service, Pace(seconds, first=round(800 * seconds)))
                for name, service in (("stopped", without), ("running", ours))
            }
            figures = await in_turns(
                plan.pairs,
                {
                    "stopped": lambda: _to_resolved(storms["stopped"]),
                    "running": lambda: _to_resolved(storms["running"]),
                },
            )
    finally:
        await lost.kill()
    return [
        compared(
            NAME,
            "rows a second to resolved, 64 connections, Valkey stopped / running",
            compare(figures, "stopped", "running"),
            per_second,
            _GOAL,
        )
    ]


async def _to_resolved(storm: Storm) -> float:
    service = storm.service
    async with service.awake():
        await storm.warm_up()
        await service.until_done(PENDING)
        sent = await storm.send()
        done_at = await service.until_done(UNRESOLVED)
        await service.until_done(PENDING)
        await service.require_count(RESOLVED, service.rows_sent, "responses resolved")
    return sent.requests / (done_at - sent.began)
