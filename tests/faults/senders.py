"""Small beginnings that the named faults share: a door, a client, a campaign, its items."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count

from tests.faults.clients import Client
from tests.faults.ground import Ground
from tests.faults.ledger import Json, Ledger
from tests.faults.processes import answers, until
from tests.faults.services import Door

ASYNCHRONOUS: Json = {
    "evaluate_score_immediately": False,
    "evaluate_score_asynchronously": True,
    "scoring_batch_size": 10,
    "evaluation_batch_size": 10,
    "owners": ["ada", "grace"],
}
RESOLVED = "SELECT count(*) FROM responses WHERE resolved_at IS NOT NULL"
_numbers = count()


@asynccontextmanager
async def a_door(ground: Ground, **settings: str) -> AsyncIterator[Door]:
    """An API under supervision, once it answers."""
    door = Door(ground.processes, **settings)
    await door.start()
    try:
        await until(lambda: answers(door.port))
        yield door
    finally:
        await door.end()


def a_client(ground: Ground, ledger: Ledger, *doors: Door) -> Client:
    """`marketo` of `acme`."""
    key = ground.keys.of["acme", "marketo"]
    return Client(ledger, doors, key, account="acme", user="marketo")


async def define(client: Client, *codes: str, settings: Json = ASYNCHRONOUS) -> None:
    """Campaigns whose own score qualifies, and how the account scores."""
    for code in codes:
        campaign = {"code": code, "name": code, "score": 100, "repeat_limit": 10_000}
        await client.ask("POST", "/v1/campaigns", campaign)
    await client.ask("PUT", "/v1/scoring/settings", settings)


def items(how_many: int, campaign: str = "c", *, people: int = 40) -> Iterator[Json]:
    """Responses of few people, so that some are engaged already."""
    for _ in range(how_many):
        number = next(_numbers)
        yield {
            "external_id": f"e{number}",
            "campaign": campaign,
            "person": {"email": f"p{number % people}@example.com"},
        }
