"""The file: responses of three people to every five rows, to 200 campaigns; and its rules.

The same rows for the same size: everybody responds at least once, in an order by chance.
"""

import csv
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

CAMPAIGNS = [f"camp-{number}" for number in range(200)]
COLUMNS = [
    *("external_id", "campaign", "email", "first_name", "last_name", "title", "company", "country"),
    *("member_status", "responded_at", "attributes.asset", "attributes.page"),
]
_TITLES = [
    *("VP Engineering", "CTO", "Engineer", "Marketing Manager"),
    *("Student", "Director of Sales", "Analyst", "CEO"),
]
_COUNTRIES = ["DE", "US", "FR", "GB", "JP", "BR", "IN", "AU"]
_ASSETS = ["pricing", "ebook", "demo"]
_SEED = 7


def _rule(points: int, field: str, op: str, value: Any) -> dict[str, Any]:
    criteria = {"field": field, "op": op, "value": value}
    return {"name": f"{field} {op}", "points": points, "criteria": criteria}


FIVE_RULES = [
    _rule(60, "person.title", "starts_with", "VP"),
    _rule(30, "response.attributes.asset", "equals", "pricing"),
    _rule(-50, "person.title", "equals", "Student"),
    _rule(5, "person.country", "in", ["DE", "FR"]),
    _rule(5, "person.company", "contains", "99"),
]


def people_in(rows: int) -> int:
    """How many people respond in so many rows."""
    return rows * 3 // 5


def write_sheet(path: Path, rows: int) -> None:
    """Write the file, header and all."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(rows))


def write_head(path: Path, rows: int, *, of: Path) -> None:
    """Write the header and the first rows of another file."""
    with of.open("rb") as source, path.open("wb") as file:
        file.writelines(islice(source, rows + 1))


def _rows(rows: int) -> Iterator[list[str]]:
    chance, people = random.Random(_SEED), people_in(rows)
    order = [*range(people), *(chance.randrange(people) for _ in range(rows - people))]
    chance.shuffle(order)
    for number, person in enumerate(order):
        yield [
            f"ext-{number:08d}",
            chance.choice(CAMPAIGNS),
            f"person{person}@mail{person % 97}.example.com",
            f"First{person % 1000}",
            f"Last{person % 5000}",
            _TITLES[person % 8],
            f"Company {person % 5000}",
            _COUNTRIES[person % 8],
            "Responded",
            f"2026-03-{1 + number % 28:02d}T09:{number % 60:02d}:00Z",
            _ASSETS[number % 3],
            f"/p/{number % 50}",
        ]
