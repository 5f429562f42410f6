"""Fifty rules that together use every operator of the criteria language. Pure."""

from typing import Any

_TESTS: list[tuple[str, str, Any]] = [
    ("person.title", "equals", "CTO"),
    ("person.title", "not_equals", "Clerk"),
    ("person.title", "in", ["Buyer", "Student", "CTO"]),
    ("person.country", "not_in", ["US", "BR"]),
    ("person.title", "contains", "market"),
    ("person.last_name", "not_contains", "8"),
    ("person.title", "starts_with", "VP"),
    ("person.company", "ends_with", "7"),
    ("person.score", "gt", 20),
    ("person.score", "gte", 10),
    ("response.score", "lt", 15),
    ("response.repeat_number", "lte", 3),
    ("person.score", "between", [5, 25]),
    ("person.phone", "is_empty", None),
    ("person.industry", "is_not_empty", None),
    ("response.received_at", "before", "2200-01-01T00:00:00Z"),
    ("person.created_at", "after", "2020-01-01T00:00:00Z"),
    ("response.received_at", "within_last", "P7D"),
    ("person.created_at", "older_than", "PT1H"),
    ("person.attributes.team", "gte", 50),
    ("response.attributes.form", "equals", "webinar"),
    ("response.attributes.visits", "lt", 9),
    ("campaign.code", "equals", "spring"),
    ("campaign.score", "gte", 30),
    ("person.opted_out", "equals", False),
]


def fifty_rules() -> list[dict[str, Any]]:
    """Each test once alone, and once joined with the next by all, any or not."""
    alone = [_condition(*test) for test in _TESTS]
    following = [*alone[1:], alone[0]]
    joined = [
        ({"all": [one, other]}, {"any": [one, other]}, {"all": [one, {"not": other}]})[number % 3]
        for number, (one, other) in enumerate(zip(alone, following, strict=True))
    ]
    return [
        {"name": f"rule {number}", "points": number % 7 - 2, "criteria": criteria}
        for number, criteria in enumerate([*alone, *joined], start=1)
    ]


def _condition(field: str, op: str, value: Any) -> dict[str, Any]:
    condition = {"field": field, "op": op}
    return condition if value is None else {**condition, "value": value}
