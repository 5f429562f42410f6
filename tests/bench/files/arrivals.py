"""Single responses that arrive at a steady rate, whatever else the arm does meanwhile."""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench import sample
from tests.bench.errors import Wrong
from tests.bench.service import SINGLE, Service, attacker, hear, tell

CAMPAIGN = "live"
RATE = 200
_CONNECTIONS = 64


@dataclass(slots=True)
class Arrived:
    """What came of a stretch of arrivals; all zero until it is over.

    `late_seconds` is by how much the generator itself was late, at its 99th percentile.
    """

    requests: int = 0
    p50_seconds: float = 0.0
    p99_seconds: float = 0.0
    late_seconds: float = 0.0


@asynccontextmanager
async def arriving(service: Service, *, at_most_seconds: float) -> AsyncIterator[Arrived]:
    """Let responses of new people to a campaign of their own arrive for as long as the block.

    Begins on a quiet server; every response must be taken in and resolved by its request.
    """
    arrived = Arrived()
    numbers = service.numbers(round(at_most_seconds * RATE))
    bodies = sample.singles(sample.of_new_people("live", numbers, [CAMPAIGN]))
    async with attacker("tests.bench.arrivals") as process:
        with tempfile.NamedTemporaryFile(dir=service.stand.folder) as file:
            file.write(b"\n".join(bodies))
            file.flush()
            spec = {
                "port": service.port,
                "path": SINGLE,
                "token": service.token,
                "connections": _CONNECTIONS,
                "rate": RATE,
                "bodies": file.name,
            }
            await tell(process, json.dumps(spec))
            await hear(process)
        await service.stand.quiet()
        await tell(process, "go")
        yield arrived
        await tell(process, "over")
        outcome = json.loads(await hear(process))
    statuses: dict[str, int] = outcome.get("statuses", {})
    if not statuses or statuses.keys() - {"201"}:
        raise Wrong(f"{SINGLE} was answered with {statuses or outcome}")
    arrived.requests = statuses["201"]
    arrived.p50_seconds, arrived.p99_seconds = outcome["p50"], outcome["p99"]
    arrived.late_seconds = outcome["late"]
    service.rows_sent += arrived.requests
