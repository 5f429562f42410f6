"""Every route with a key of every scope: it lets in those that it declares, and nobody else."""

import httpx
import pytest

from app.accounts.provision import issue_key
from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.walls.bodies import least_for
from tests.walls.document import OPERATIONS, Operation

Keys = dict[Scope, str]

UNKNOWN = "unknown-to-everybody"


@pytest.fixture(scope="session")
async def keys(resources: Resources) -> Keys:
    """A key of one account for each scope that an account can give, and one of the installation."""
    account = f"account {uuid7().hex}"
    return {
        scope: str(
            await issue_key(
                resources,
                account=None if scope is Scope.PLATFORM else account,
                user="marketo",
                scopes=(scope,),
            )
        )
        for scope in Scope
    }


async def call(http: httpx.AsyncClient, operation: Operation, key: str | None) -> httpx.Response:
    """A well-formed call that names nothing that is there."""
    names = [str(uuid7()) if shape.endswith("_id") else UNKNOWN for shape in operation.placeholders]
    return await http.request(
        operation.method,
        operation.at(*names),
        json=least_for(operation),
        headers={} if key is None else {"Authorization": f"Bearer {key}"},
    )


def is_refused(operation: Operation, answer: httpx.Response, status: int, code: str) -> bool:
    """By its status and code; the answer to a HEAD has no room for a code."""
    if operation.method == "head":
        return answer.status_code == status
    return (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_a_key_of_one_scope_may_call_what_declares_it_and_nothing_else(
    operation: Operation, anonymous: httpx.AsyncClient, keys: Keys
) -> None:
    for scope, key in keys.items():
        answer = await call(anonymous, operation, key)

        if scope in operation.scopes:
            assert answer.status_code not in (401, 403), (scope, answer.text)
            assert answer.status_code < 500, (scope, answer.text)
        else:
            assert is_refused(operation, answer, 403, "missing_scope"), scope


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_without_a_live_key_nothing_answers(
    operation: Operation, anonymous: httpx.AsyncClient, keys: Keys
) -> None:
    stranger = keys[Scope.READ][:-1] + ("0" if keys[Scope.READ][-1] != "0" else "1")
    for key, code in ((None, "key_missing"), (stranger, "key_invalid"), ("x", "key_invalid")):
        answer = await call(anonymous, operation, key)

        assert is_refused(operation, answer, 401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_scope_opens_something() -> None:
    assert {scope for operation in OPERATIONS for scope in operation.scopes} == set(Scope)
