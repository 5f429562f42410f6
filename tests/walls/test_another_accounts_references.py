"""Bodies: what they name of another account's is refused as if it were not there."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.walls.bodies import body_for, placed
from tests.walls.conftest import Lines
from tests.walls.document import HEADERS, OPERATIONS, Field, Operation, alternatives, fields_of
from tests.walls.making import Owner, listed
from tests.walls.place import Place
from tests.walls.watching import Watch, gist_of

# The list in which a field's thing is found, and by what it may be named.
NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "ActionWrite.id": ("/v1/today", ("action_id",)),
    "Contact.person_id": ("/v1/people", ("id",)),
    "ExportCreate.campaign": ("/v1/campaigns", ("id", "code")),
    "Member.job": ("/v1/jobs", ("id",)),
    "ParticipantWrite.opportunity": ("/v1/opportunities", ("id",)),
    "ParticipantWrite.person": ("/v1/people", ("id",)),
    "ParticipantWrite.response": ("/v1/responses", ("id",)),
    "PersonUpsert.id": ("/v1/people", ("id",)),
    "Reactivation.default_campaign": ("/v1/campaigns", ("id", "code")),
    "ResponseCreate.campaign": ("/v1/campaigns", ("id", "code")),
    "UploadCreate.campaign": ("/v1/campaigns", ("id", "code")),
    "UploadCreate.sequence": ("/v1/sequences", ("id", "name")),
    "UploadCreate.retry_of": ("/v1/runs", ("id",)),
}


def names_something(field: Field) -> bool:
    is_id = any(one.get("format") == "uuid" for one in alternatives(field.schema))
    said = field.schema.get("description", "").lower()
    says_so = "id or code" in said or "id or name" in said
    return field.name in NAMED or is_id or says_so


def references_of(operation: Operation) -> Iterator[Field]:
    if operation.body is not None:
        yield from filter(names_something, fields_of(operation.body))


REFERENCES = [(one, field) for one in OPERATIONS for field in references_of(one)]


def test_there_are_bodies_that_name_something() -> None:
    assert {field.name for _, field in REFERENCES} >= set(NAMED)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_no_header_names_anything_of_an_account(operation: Operation) -> None:
    assert operation.headers <= HEADERS, "say here what of another account's it may name"


@pytest.mark.parametrize(
    ("operation", "field"),
    REFERENCES,
    ids=lambda one: one.name if isinstance(one, Field) else str(one),
)
async def test_what_a_body_names_of_another_account_is_not_there(
    operation: Operation, field: Field, place: Place, furnished: Owner, lines: Lines
) -> None:
    assert field.name in NAMED, f"say in NAMED what `{field.name}` may name"
    # The stranger has one of everything too: only what the body names is not its own.
    stranger = furnished
    path = operation.at(*[(await of(stranger, one, "id"))[0] for one in operation.collections])
    body = body_for(operation)
    for around in references_of(operation):
        if around.is_required:
            body = put(body, operation, around, await own(stranger, around))

    collection, words = NAMED[field.name]
    names = [name for word in words for name in await of(place.owner, collection, word)]
    assert names
    async with Watch(place, stranger.tenant, lines) as watch:
        for name in names:
            other = str(uuid7())
            foreign, unknown = (put(body, operation, field, one) for one in (name, other))
            answer = await watch.send(operation.method, path, names=[name], json=foreign)
            nothing = await watch.send(operation.method, path, json=unknown)

            assert is_refused(answer), answer.text
            assert gist_of(answer, name) == gist_of(nothing, other)


async def of(whose: Owner, collection: str, word: str) -> list[str]:
    return [one[word] for one in await listed(whose.tenant.http, collection)]


async def own(stranger: Owner, field: Field) -> str:
    collection, words = NAMED[field.name]
    return (await of(stranger, collection, words[0]))[0]


def put(body: Any, operation: Operation, field: Field, value: str) -> Any:
    assert operation.body is not None
    return placed(body, field.place, value, operation.body)


def is_refused(answer: httpx.Response) -> bool:
    """As a whole, or each item of its own."""
    if answer.status_code in (404, 422):
        return True
    results = answer.json().get("results", [])
    return bool(results) and all(one["result"] == "rejected" for one in results)
