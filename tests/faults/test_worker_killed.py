"""A worker killed in mid-drain, and a wiped Redis: nothing lost, nothing twice."""

from typing import Any

from tests.faults.ground import Stand
from tests.faults.processes import kill, until, until_stopped

RESPONSES = 6_000
BATCH = 1_000
PENDING = (
    "SELECT (SELECT count(*) FROM pending_scoring) + (SELECT count(*) FROM pending_resolution)"
)


def items(first: int, how_many: int) -> list[dict[str, Any]]:
    """Half as many people as responses, so that many are engaged already."""
    return [
        {
            "external_id": f"e{number}",
            "campaign": f"c{number % 3}",
            "person": {"email": f"p{number % (RESPONSES // 2)}@example.com"},
        }
        for number in range(first, first + how_many)
    ]


async def test_every_acknowledged_response_ends_resolved_once(stand: Stand) -> None:
    http = stand.http
    for code in ("c0", "c1", "c2"):
        made = await http.post("/v1/campaigns", json={"code": code, "name": code, "score": 100})
        assert made.status_code == 201
    small_chunks = {"scoring_batch_size": 20, "evaluation_batch_size": 20, "owners": ["a", "b"]}
    modes = {"evaluate_score_immediately": False, "evaluate_score_asynchronously": True}
    await http.put("/v1/scoring/settings", json=small_chunks | modes)
    quick = {"PENSTOCK_SANDBOX": "true", "PENSTOCK_SCORING__LEASE": "PT5S"}
    # Each stands still in the middle of a chunk, so that there is one when it is killed. A lane is
    # one worker's: the second comes when the first has one, and finds the others.
    quick["PENSTOCK_FAILPOINT"] = "scoring.before_commit:5:stop"

    acknowledged: set[str] = set()
    for start in range(0, RESPONSES, BATCH):
        answer = await http.post("/v1/responses/batch", json={"responses": items(start, BATCH)})
        assert answer.status_code == 202
        acknowledged |= {result["id"] for result in answer.json()["results"]}

    first = await stand.processes.worker(**quick)
    await until_stopped(first)
    second = await stand.processes.worker(**quick)
    await until_stopped(second)
    left = await stand.count(PENDING)
    await kill(first)
    await stand.valkey.kill()
    await stand.valkey.start()
    await kill(second)
    await stand.processes.worker()

    async def is_all_done() -> bool:
        return await stand.count(PENDING) == 0 and not await stand.count(
            "SELECT count(*) FROM runs WHERE state = 'running'"
        )

    await until(is_all_done)

    assert left > 0, "the drain was over before the kill"
    assert len(acknowledged) == RESPONSES
    resolved = await stand.fetch("SELECT id::text FROM responses WHERE resolved_at IS NOT NULL")
    assert {row[0] for row in resolved} == acknowledged
    announced = await stand.fetch(
        "SELECT data ->> 'response_id' FROM events WHERE type = 'response.qualified'"
    )
    opened = await stand.fetch(
        "SELECT id::text FROM responses WHERE status = 'Open - Not Contacted'"
    )
    assert sorted(row[0] for row in announced) == sorted(row[0] for row in opened)
    assert len(opened) == RESPONSES // 2
    told = await stand.count(
        "SELECT sum((data ->> 'total')::int) FROM events WHERE type = 'responses.resolved'"
    )
    assert told == RESPONSES
    runs = await stand.fetch("SELECT total, succeeded, failed, skipped, unprocessed FROM runs")
    assert sum(run["succeeded"] for run in runs) == RESPONSES
    assert all(
        run["total"] == run["succeeded"] + run["failed"] + run["skipped"] + run["unprocessed"]
        for run in runs
    )
