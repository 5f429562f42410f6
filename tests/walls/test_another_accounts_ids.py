"""Whatever is named in a path: in another account it does not exist."""

import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from tests.walls.bodies import body_for
from tests.walls.conftest import Lines
from tests.walls.document import OPERATIONS, Operation
from tests.walls.making import Owner, listed
from tests.walls.place import Place
from tests.walls.watching import Watch, gist_of

NAMING = [operation for operation in OPERATIONS if operation.collections]
# Nobody but the installation lists accounts; it works on all of them.
ACCOUNTS = "/v1/accounts"


async def names_in(owner: Owner, collection: str) -> list[str]:
    """By what the owner's things of one kind are named in a path."""
    if collection == ACCOUNTS:
        return [str(owner.tenant.account_id)]
    found = [one.get("id") or one["name"] for one in await listed(owner.tenant.http, collection)]
    assert found, f"`furnish` makes nothing that {collection} lists: let it make one"
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
    assert len(operation.collections) == 1, "a test for paths that name two things is missing"
    names = await names_in(place.owner, operation.collections[0])
    body = body_for(operation)

    async with Watch(place, await place.a_stranger(), lines) as watch:
        for name in names:
            answer = await watch.send(operation.method, operation.at(name), names=[name], json=body)
            other = unknown(name)
            nothing = await watch.send(operation.method, operation.at(other), json=body)

            assert answer.status_code == expected(operation)
            assert gist_of(answer, name) == gist_of(nothing, other)


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
    names = await names_in(place.owner, operation.collections[0])
    body = body_for(operation)

    async with Watch(place, await place.the_installation(), lines) as watch:
        for name in names:
            answer = await watch.send(operation.method, operation.at(name), names=[name], json=body)

            assert answer.status_code == 404
