"""What the fuzzer stands on: the service, keys that may do everything, names that are there."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
import httpx
import requests
import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks as openapi

from app.accounts.caller import identify
from app.accounts.provision import issue_key
from app.core.auth import Scope
from tests.conftest import Tenant
from tests.faults.processes import PATIENCE_SECONDS
from tests.guards.test_routes import APP
from tests.walls.document import OPERATIONS, Operation
from tests.walls.making import Owner, furnish
from tests.walls.serving import Service
from tests.walls.test_another_accounts_ids import names_in

Names = Mapping[Operation, Sequence[tuple[str, ...]]]

_CLOCK = "/v1/clock/advance"

# Bytes as they are, by another name.
for by_another_name in ("application/offset+octet-stream", "application/zip"):
    schemathesis.serializer.alias(by_another_name, "application/octet-stream")

# The key is ours to send, always the right one: a case without it would be no case of its own.
_CONFIG = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
DOCUMENT = schemathesis.openapi.from_dict(APP.openapi(), config=_CONFIG)
BOTH = list(GenerationMode)

# Left out: `positive_data_acceptance`. A well-formed body may still be refused for what it means
# (no such campaign, a cursor of another list), with the 422 that the document declares.
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.unsupported_method,
]


def items_refuse_nonsense(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """A batch is answered item by item: what is wrong with one is said in its own result."""
    if not is_sound(case, ParameterLocation.BODY) and response.status_code < 300:
        results = response.json()["results"]
        assert any(one["reason"] == "invalid" for one in results), results


def checks_of(operation: Operation) -> Sequence[schemathesis.CheckFunction]:
    if operation.path == "/v1/responses/batch":
        # What is no method of its own is one of `/v1/responses/{response_id}`.
        own = [check for check in CHECKS if check is not openapi.unsupported_method]
        return [*own, items_refuse_nonsense]
    if operation.path == "/v1/jobs/{job_id}/code":
        # Its If-Match is looked at before the body comes: a body that is none is refused with 412.
        return CHECKS
    return [*CHECKS, openapi.negative_data_rejection]


async def _plan_nothing(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE timetables SET next_at = NULL; DELETE FROM watches")
    # Nor are names that were made up looked for, which takes long where nobody knows names.
    await connection.execute("DELETE FROM pending_deliveries; DELETE FROM pending_copies")
    await connection.execute("UPDATE webhook_endpoints SET enabled = false")
    await connection.close()


@dataclass
class Ground:
    """A service with something in it."""

    service: Service
    http: requests.Session
    key: str
    platform: str
    names: Names
    database_url: str

    def try_out(
        self, operation: Operation, case: Case[Any], names: tuple[str, ...] | None = None
    ) -> None:
        """Send a case, to a thing that is there if one is named, and check the answer."""
        if operation.path == _CLOCK:
            # A thousand years have more half-hours than anybody has patience.
            self.service.do(_plan_nothing(self.database_url))
        if names is not None and is_sound(case, ParameterLocation.PATH):
            case.path_parameters = dict(zip(operation.placeholders, names, strict=True))
        key = self.platform if operation.scopes == {Scope.PLATFORM} else self.key
        checks = list(checks_of(operation))
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(
            self.service.url, session=self.http, headers=headers, timeout=PATIENCE_SECONDS
        )
        case.validate_response(answer, checks=checks)


def is_sound(case: Case[Any], location: ParameterLocation) -> bool:
    """Whether this part of a case is as the document wants it."""
    assert case.meta is not None
    part = case.meta.components.get(location)
    return part is not None and part.mode.is_positive


async def key_for(service: Service, account: str | None, *scopes: Scope) -> str:
    return str(await issue_key(service.resources, account=account, user="marketo", scopes=scopes))


async def names_for(service: Service, database_url: str, key: str) -> Names:
    """What there is to be named in a path, once the key's account has been filled."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(service.app),
        base_url="http://penstock",
        headers={"Authorization": f"Bearer {key}"},
    ) as http:
        tenant = Tenant(http, await identify(service.resources, key), key, "fuzzed")
        await furnish(Owner(tenant), service.resources, database_url)
        naming = [one for one in OPERATIONS if one.collections]
        return {one: names for one in naming if (names := await _names(tenant, one))}


async def _names(tenant: Tenant, operation: Operation) -> list[tuple[str, ...]]:
    # Its own key is what the fuzzer would lose first.
    found = await names_in(Owner(tenant), operation)
    return [names for names in found if str(tenant.caller.key_id) not in names]


def boundaries_of(operation: Operation) -> Iterator[Case[Any]]:
    """Every value at a bound of the document and just beyond, one at a time; always the same."""
    shown = DOCUMENT[operation.path][operation.method]
    generation = DOCUMENT.config.generation_for(operation=shown, phase="coverage")
    cases = DOCUMENT.iter_coverage_cases(shown, generation_modes=BOTH, generation_config=generation)
    yield from (case for case in cases if is_its_turn(operation, case))


def is_its_turn(operation: Operation, case: Case[Any]) -> bool:
    """Whether this is where its value is tried: what may stand in several places, as a schedule
    may, has the same bounds in all of them, and each bound is tried in one.
    """
    assert case.meta is not None
    said = getattr(case.meta.phase.data, "description", None) or ""
    for field, places in sharing(operation).items():
        is_about_it = said.startswith((field, f"Object with valid '{field}' value"))
        if is_about_it and isinstance(case.body, dict) and field in case.body:
            value = json.dumps(case.body[field], sort_keys=True, default=repr)
            return places[zlib.crc32(value.encode()) % len(places)] == operation
    return True


@cache
def sharing(operation: Operation) -> Mapping[str, Sequence[Operation]]:
    """Its fields that take one of several shapes, and all operations that have a field like it."""
    found = {}
    for field, shape in _unions_of(operation).items():
        alike = [one for one in OPERATIONS if shape in _unions_of(one).values()]
        found[field] = sorted(alike, key=str)
    return found


@cache
def _unions_of(operation: Operation) -> Mapping[str, str]:
    fields = (operation.body or {}).get("properties", {})
    shapes = {name: json.dumps(field.get("anyOf", field)) for name, field in fields.items()}
    return {name: shape for name, shape in shapes.items() if '"oneOf"' in shape}
