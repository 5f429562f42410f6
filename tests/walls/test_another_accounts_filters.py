"""Lists: whatever of another account's they are filtered by, they show nothing of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.walls.conftest import Lines
from tests.walls.document import OPERATIONS, Operation, Schema, alternatives
from tests.walls.making import Owner, listed
from tests.walls.place import Place
from tests.walls.watching import Watch, gist_of

PAGES = [one for one in OPERATIONS if one.method == "get" and not one.collections]
FILTERS = [(one, shown) for one in PAGES for shown in one.filters]


async def campaigns(owner: Owner, _: Operation) -> list[str]:
    found = await listed(owner.tenant.http, "/v1/campaigns")
    return [one[name] for one in found for name in ("id", "code")]


async def campaign_codes(owner: Owner, _: Operation) -> list[str]:
    return [one["code"] for one in await listed(owner.tenant.http, "/v1/campaigns")]


async def people(owner: Owner, _: Operation) -> list[str]:
    return [one["id"] for one in await listed(owner.tenant.http, "/v1/people")]


async def emails(owner: Owner, _: Operation) -> list[str]:
    return [one["email"] for one in await listed(owner.tenant.http, "/v1/people")]


async def external_ids(owner: Owner, _: Operation) -> list[str]:
    return [one["external_id"] for one in await listed(owner.tenant.http, "/v1/people")]


async def names(owner: Owner, operation: Operation) -> list[str]:
    return [one["name"] for one in await listed(owner.tenant.http, operation.path)]


async def jobs(owner: Owner, _: Operation) -> list[str]:
    return [one["id"] for one in await listed(owner.tenant.http, "/v1/jobs")]


async def runs(owner: Owner, _: Operation) -> list[str]:
    return [one["id"] for one in await listed(owner.tenant.http, "/v1/runs")]


async def groups(owner: Owner, _: Operation) -> list[str]:
    return [one["id"] for one in await listed(owner.tenant.http, "/v1/groups")]


async def cursors(owner: Owner, operation: Operation) -> list[str]:
    answer = await owner.tenant.http.get(operation.path, params={"limit": 1})
    return [answer.json()["next_cursor"]]


UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What each filter may name of the owner's.
NAMED: dict[str, Callable[[Owner, Operation], Any]] = {
    "campaign": campaigns,
    "code": campaign_codes,
    "cursor": cursors,
    "email": emails,
    "external_id": external_ids,
    "group": groups,
    "job": jobs,
    "name": names,
    "owner": jobs,
    "person": people,
    "parent": runs,
}


def names_nothing(shown: Schema) -> bool:
    """Words of the product, also several, numbers, flags and moments are nobody's."""
    kinds = [
        inner
        for one in alternatives(shown["schema"])
        for inner in alternatives(one.get("items", one))
    ]
    return all(
        "enum" in one
        or one.get("type") in ("boolean", "integer")
        or one.get("format") == "date-time"
        for one in kinds
    )


@pytest.mark.parametrize("operation", PAGES, ids=str)
async def test_a_page_shows_nothing_of_another_account(
    operation: Operation, place: Place, lines: Lines
) -> None:
    async with Watch(place, await place.a_stranger(), lines) as watch:
        answer = await watch.send("GET", operation.path)

        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("operation", "shown"),
    [(operation, shown) for operation, shown in FILTERS if not names_nothing(shown)],
    ids=lambda one: one["name"] if isinstance(one, dict) else str(one),
)
async def test_a_filter_by_another_accounts_thing_finds_what_an_unknown_one_finds(
    operation: Operation, shown: Schema, place: Place, lines: Lines
) -> None:
    name = shown["name"]
    assert name in NAMED, f"say in NAMED what of the owner's a filter by `{name}` may name"
    values = await NAMED[name](place.owner, operation)
    if alternatives(shown["schema"])[0].get("format") == "uuid":
        values = [value for value in values if UUID_TEXT.fullmatch(value)]
    assert values
    assert None not in values, f"let `furnish` make more of what {operation.path} lists"

    async with Watch(place, await place.a_stranger(), lines) as watch:
        for value in values:
            other = unknown_like(value)
            answer = await watch.send("GET", operation.path, names=[value], params={name: value})
            nothing = await watch.send("GET", operation.path, params={name: other})

            assert gist_of(answer, value) == gist_of(nothing, other)
            if name == "cursor":
                assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
            else:
                assert answer.json() == {"items": [], "next_cursor": None}


def unknown_like(value: str) -> str:
    """A value of the same form that nobody has."""
    digits = str.maketrans("0123456789abcdef", "123456789abcdef0")
    return value[:16] + value[16:].translate(digits)
