"""What a storm costs in commits: single requests that wait at the same time share one."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.processes import ROOT
from tests.faults.senders import a_client, a_door, define

CONNECTIONS = 64
STORM = 6_000
MOST_COMMITS_A_RESPONSE = 0.1


async def test_a_response_of_a_storm_costs_a_tenth_of_a_commit_at_most(
    ground: Ground, tmp_path: Path
) -> None:
    """No worker runs, so every response carries the transaction that took it in."""
    bodies = tmp_path / "bodies"
    bodies.write_text(
        "\n".join(
            json.dumps({"campaign": "c", "person": {"email": f"p{number}@example.com"}})
            for number in range(STORM)
        )
    )

    async with a_door(ground, PENSTOCK_LIMITS__INGEST="100000") as door:
        client = a_client(ground, Ledger(), door)
        await define(client, "c")
        outcome = await attack(door.port, ground.keys.of["acme", "marketo"], bodies)
        await client.leave()

    assert outcome["statuses"] == {"202": STORM}
    assert await ground.count("SELECT count(*) FROM responses") == STORM
    commits = await ground.count("SELECT count(DISTINCT xmin::text) FROM responses")
    assert commits <= MOST_COMMITS_A_RESPONSE * STORM, f"{commits / STORM:.3f} commits a response"


async def attack(port: int, key: str, bodies: Path) -> dict[str, Any]:
    """Send them from a process of its own: a slow client would not let anything gather."""
    spec = {
        "path": "/v1/responses",
        "port": port,
        "token": key,
        "bodies": str(bodies),
        "connections": CONNECTIONS,
    }
    load = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.load",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    spoken, _ = await load.communicate(json.dumps(spec).encode() + b"\n\n")
    found: dict[str, Any] = json.loads(spoken.splitlines()[-1])
    return found
