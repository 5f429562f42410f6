"""Whatever is named in a path: in another account it does not exist."""

import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from tests.walls.bodies import body_for
from tests.walls.conftest import Lines
from tests.walls.document import EVERYBODYS, OPERATIONS, Operation, filled
from tests.walls.making import Owner, listed
from tests.walls.place import Place
from tests.walls.watching import Watch, gist_of

NAMING = [one for one in OPERATIONS if one.collections and not EVERYBODYS & {*one.collections}]
# Nobody but the installation lists accounts; it works on all of them.
ACCOUNTS = "/v1/accounts"
# What a thing of a list is called by in a path: the first of these that it has.
NAMES = ("id", "name", "number")


async def names_in(owner: Owner, operation: Operation) -> list[tuple[str, ...]]:
    """By what the owner's things of one kind are named in a path, behind what they belong to."""
    if operation.collections == [ACCOUNTS]:
        return [(str(owner.tenant.account_id),)]
    found: list[tuple[str, ...]] = [()]
    for collection in operation.collections:
        found = [
            (*names, str(next(one[word] for word in NAMES if word in one)))
            for names in found
            for one in await listed(owner.tenant.http, filled(collection, *names))
        ]
    return found


async def some_of(owner: Owner, operation: Operation) -> list[tuple[str, ...]]:
    found = await names_in(owner, operation)
    assert found, f"`furnish` makes nothing for {operation}: let it make one"
    return found


def unknown(name: str) -> str:
    """A name like this one, of nothing at all."""
    made = uuid7()
    return str(made) if len(name) == len(str(made)) else f"{name[:4]}{made.hex}"


def test_there_are_routes_that_name_something() -> None:
    assert len(NAMING) > 20
    assert {one.collections[0] for one in NAMING} >= {"/v1/people", "/v1/runs", "/v1/windows"}


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_what_another_account_has_is_not_found(
    operation: Operation, place: Place, lines: Lines
) -> None:
    every = await some_of(place.owner, operation)
    body = body_for(operation)

    async with Watch(place, await place.a_stranger(), lines) as watch:
        for names in every:
            path = operation.at(*names)
            answer = await watch.send(operation.method, path, names=names, json=body)
            others = (unknown(names[0]), *names[1:])
            nothing = await watch.send(operation.method, operation.at(*others), json=body)

            assert answer.status_code == expected(operation)
            assert gist_of(answer, *names) == gist_of(nothing, *others)


def expected(operation: Operation) -> int:
    if operation.scopes == {Scope.PLATFORM}:
        return 403
    return 201 if operation.makes_what_is_missing else 404


@pytest.mark.parametrize(
    "operation",
    [one for one in NAMING if Scope.PLATFORM in one.scopes and ACCOUNTS not in one.collections],
    ids=str,
)
async def test_the_installations_key_finds_nothing_of_an_account(
    operation: Operation, place: Place, lines: Lines
) -> None:
    every = await some_of(place.owner, operation)
    body = body_for(operation)

    async with Watch(place, await place.the_installation(), lines) as watch:
        for names in every:
            path = operation.at(*names)
            answer = await watch.send(operation.method, path, names=names, json=body)

            assert answer.status_code == 404
