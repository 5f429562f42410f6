"""A2's worker: one job loads one response, scores and decides it. `arq`, with its defaults."""

from collections.abc import Callable
from typing import Any, ClassVar

from tests.bench.rivals.naive import REDIS, sessions
from tests.bench.rivals.naive_tables import QUALIFIED, RESOLVED, Campaign, Person, Response
from tests.bench.sample import TEN_RULES


def _text(value: Any) -> str:
    return str(value or "").lower()


OPS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda found, value: _text(found) == _text(value),
    "not_equals": lambda found, value: _text(found) != _text(value),
    "in": lambda found, value: _text(found) in [_text(each) for each in value],
    "contains": lambda found, value: _text(value) in _text(found),
    "starts_with": lambda found, value: _text(found).startswith(_text(value)),
    "ends_with": lambda found, value: _text(found).endswith(_text(value)),
    "gt": lambda found, value: found > value,
    "gte": lambda found, value: found >= value,
}


def points(person: Person, response: Response) -> int:
    """The points of the rules that match."""
    records = {"person": person, "response": response}
    total = 0
    for rule in TEN_RULES:
        criteria = rule["criteria"]
        record, field = criteria["field"].split(".")
        if OPS[criteria["op"]](getattr(records[record], field), criteria["value"]):
            total += rule["points"]
    return total


async def score(_: dict[str, Any], response_id: int) -> None:
    async with sessions() as session:
        response = await session.get_one(Response, response_id)
        person = await session.get_one(Person, response.person_id)
        campaign = await session.get_one(Campaign, response.campaign_id)
        response.total = person.score + campaign.score + response.score + points(person, response)
        is_enough = response.total >= campaign.threshold
        response.status = QUALIFIED if is_enough else RESOLVED
        await session.commit()


class WorkerSettings:
    functions: ClassVar = [score]
    redis_settings = REDIS
