"""What is sent: the same responses to every arm, and the rules they are scored by. Pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

CAMPAIGN_SCORE = 30
THRESHOLD = 100
TITLES = ["VP Marketing", "Marketing Manager", "CTO", "Student", "Buyer", "Head of Sales", "Clerk"]
COUNTRIES = ["DE", "FR", "US", "JP", "BR"]
INDUSTRIES = ["Energy", "Software", "Retail", "Public sector"]
_FORMS = ["webinar", "price", "newsletter"]


def _rule(points: int, field: str, op: str, value: Any) -> dict[str, Any]:
    criteria = {"field": field, "op": op, "value": value}
    return {"name": f"{field} {op}", "points": points, "criteria": criteria}


# Both sides score by these; they are what the rival knows of the language of criteria.
TEN_RULES = [
    _rule(40, "person.title", "starts_with", "VP"),
    _rule(30, "person.title", "in", ["CTO", "Head of Sales"]),
    _rule(25, "person.industry", "equals", "energy"),
    _rule(15, "person.company", "ends_with", "7"),
    _rule(10, "person.country", "in", ["DE", "FR"]),
    _rule(10, "person.score", "gte", 20),
    _rule(20, "response.score", "gt", 15),
    _rule(5, "person.email", "contains", "example"),
    _rule(-50, "person.title", "equals", "student"),
    _rule(5, "person.last_name", "not_equals", "Doe"),
]


def person(tag: str, number: int) -> dict[str, Any]:
    """A person who keeps its facts: the same number makes the same one."""
    return {
        "email": f"p{number}@{tag}.example",
        "first_name": "Ada",
        "last_name": f"Lovelace {number % 89}",
        "title": TITLES[number % 7],
        "company": f"Company {number % 101}",
        "country": COUNTRIES[number % 5],
        "industry": INDUSTRIES[number % 4],
        "score": number % 40,
        "attributes": {"team": number % 100},
    }


def response(tag: str, number: int, of: int, campaign: str) -> dict[str, Any]:
    """Response `number`, by person `of`."""
    return {
        "external_id": f"{tag}-{number}",
        "campaign": campaign,
        "person": person(tag, of),
        "score": number % 20,
        "attributes": {"form": _FORMS[number % 3], "visits": number % 13},
    }


def of_new_people(
    tag: str, numbers: Iterable[int], campaigns: Sequence[str]
) -> list[dict[str, Any]]:
    """A response each, of people never seen before, to one campaign after the other."""
    return [response(tag, number, number, campaigns[number % len(campaigns)]) for number in numbers]


def singles(responses: Iterable[dict[str, Any]]) -> list[bytes]:
    """A request body each."""
    return [json.dumps(response).encode() for response in responses]


def batches(responses: Sequence[dict[str, Any]], size: int) -> list[bytes]:
    """Request bodies of so many responses each."""
    return [
        json.dumps({"responses": responses[start : start + size]}).encode()
        for start in range(0, len(responses), size)
    ]
