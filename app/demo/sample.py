"""Sample marketing: four campaigns, a ruleset, and as many responses as asked. Pure."""

import random
from collections.abc import Iterator
from typing import Any

CAMPAIGNS = {
    "spring-webinar": ("Spring webinar", 30),
    "trade-show": ("Trade show booth", 20),
    "price-request": ("Price request", 60),
    "newsletter": ("Newsletter click", 0),
}
OWNERS = ["Ada", "Grace", "Edsger"]
_TITLES = ["VP Marketing", "Marketing Manager", "CTO", "Student", "Buyer", "Head of Sales"]
_COUNTRIES = ["DE", "FR", "US", "JP", "BR"]
_INDUSTRIES = ["Energy", "Software", "Retail", "Public sector"]

RULESET: dict[str, Any] = {
    "name": "Sample rules",
    "rules": [
        {"name": "Decides", "points": 40,
         "criteria": {"any": [
             {"field": "person.title", "op": "starts_with", "value": "VP"},
             {"field": "person.title", "op": "in", "value": ["CTO", "Head of Sales"]}]}},
        {"name": "Energy", "points": 25,
         "criteria": {"field": "person.industry", "op": "equals", "value": "energy"}},
        {"name": "Came back", "points": 15,
         "criteria": {"field": "response.repeat_number", "op": "gt", "value": 1}},
        {"name": "Large team", "points": 10,
         "criteria": {"field": "person.attributes.team", "op": "gte", "value": 50}},
        {"name": "Student", "points": -50,
         "criteria": {"field": "person.title", "op": "equals", "value": "student"}},
    ],
}  # fmt: skip


def settings(*, held_user: str, delay_seconds: int) -> dict[str, Any]:
    """Asynchronous scoring; the small requests of one user are held in windows."""
    return {
        "evaluate_score_immediately": False,
        "evaluate_score_asynchronously": True,
        "async_users": [{"user": held_user, "threshold": 1, "delay": f"PT{delay_seconds}S"}],
        "threshold": 80,
        "owners": OWNERS,
    }


def responses(how_many: int, *, tag: str) -> Iterator[dict[str, Any]]:
    """Responses of about half as many people; the same tag makes the same ones."""
    chance = random.Random(tag)  # noqa: S311  (samples, not secrets)
    for number in range(how_many):
        person = chance.randrange(how_many // 2)
        about = random.Random(f"{tag}/{person}")  # noqa: S311  (a person keeps its facts)
        yield {
            "external_id": f"{tag}-{number}",
            "campaign": chance.choice(list(CAMPAIGNS)),
            "person": {
                "email": f"person{person}@{tag}.example",
                "title": about.choice(_TITLES),
                "country": about.choice(_COUNTRIES),
                "industry": about.choice(_INDUSTRIES),
                "attributes": {"team": about.randrange(1, 100)},
            },
        }
