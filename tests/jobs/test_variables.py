"""Variables and secrets: written by those who may, sealed, and shown to nobody."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.core.auth import Scope
from app.core.resources import Resources
from app.core.settings import Settings
from app.jobs import variables
from app.jobs.variables import VariablesPut
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import Json, make, read, refused

GIVEN = {
    "variables": {"REGION": "eu", "batch": "20"},
    "secrets": {"TOKEN": "whisper", "EMPTY": ""},
}


@pytest.fixture
async def job(http: httpx.AsyncClient) -> Json:
    return await make(http, kind="code", config={})


async def put(http: httpx.AsyncClient, job: Json, body: Any) -> httpx.Response:
    return await http.put(f"/v1/jobs/{job['id']}/variables", json=body)


async def opened(
    resources: Resources, tenant: Tenant, job: Json, settings: Settings
) -> VariablesPut:
    secret = settings.secret_key.get_secret_value()
    async with resources.unit_of_work(tenant.account_id) as session:
        return await variables.read(session, tenant.account_id, UUID(job["id"]), secret_key=secret)


async def test_only_names_are_answered(http: httpx.AsyncClient, job: Json) -> None:
    answer = await put(http, job, GIVEN)

    names = {"variables": ["REGION", "batch"], "secrets": ["EMPTY", "TOKEN"]}
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert answer.json() == names
    shown = await read(http, job)
    assert {name: shown[name] for name in names} == names
    assert "whisper" not in (await http.get("/v1/jobs")).text


async def test_code_reads_what_was_written(
    tenant: Tenant, resources: Resources, settings: Settings, job: Json
) -> None:
    assert await opened(resources, tenant, job, settings) == VariablesPut()

    await put(tenant.http, job, GIVEN)

    assert (await opened(resources, tenant, job, settings)).model_dump() == GIVEN


async def test_what_is_not_named_is_gone(
    tenant: Tenant, resources: Resources, settings: Settings, job: Json
) -> None:
    await put(tenant.http, job, GIVEN)

    answer = await put(tenant.http, job, {"secrets": {"TOKEN": "other"}})

    assert answer.json() == {"variables": [], "secrets": ["TOKEN"]}
    kept = await opened(resources, tenant, job, settings)
    assert kept == VariablesPut(secrets={"TOKEN": "other"})


async def test_neither_values_nor_pieces_of_them_lie_open(
    tenant: Tenant, resources: Resources, job: Json
) -> None:
    await put(tenant.http, job, GIVEN)

    async with resources.unit_of_work(tenant.account_id) as session:
        rows = await (await session.connection()).scalars(
            text("SELECT v::text FROM job_variables v")
        )
        [row] = rows.all()
    assert "TOKEN" in row
    for word in ("whisper", b"whisper".hex(), b"eu".hex() * 2):
        assert word not in row


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"variables": {"1ST": "x"}}, "/variables/1ST"),
        ({"variables": {"A-B": "x"}}, "/variables/A-B"),
        ({"variables": {"": "x"}}, "/variables/"),
        ({"variables": {"A": 5}}, "/variables/A"),
        ({"variables": {"A": None}}, "/variables/A"),
        ({"variables": {"A": "a\0"}}, "/variables/A"),
        ({"secrets": {"A": "whisper" * 3_000}}, "/secrets/A"),
        ({"variables": {"A": "x"}, "secrets": {"A": "y"}}, "/secrets/A"),
        ({"secrets": {f"A{number}": "x" * 13_000 for number in range(5)}}, ""),
        ({"variables": {f"A{number}": "x" for number in range(201)}}, "/variables"),
        ({"more": {}}, "/more"),
    ],
)
async def test_what_no_code_could_read_is_refused_without_being_repeated(
    http: httpx.AsyncClient, job: Json, body: Any, pointer: str
) -> None:
    answer = await put(http, job, body)

    assert [place for place, _ in refused(answer, 422, "validation_failed")] == [pointer]
    assert "whisper" not in answer.text
    assert (await read(http, job))["secrets"] == []


async def test_only_code_has_variables(http: httpx.AsyncClient) -> None:
    assert refused(await put(http, await make(http), GIVEN), 409, "job_has_no_code") == []


async def test_only_an_admin_writes_them(
    tenant: Tenant, make_tenant: MakeTenant, job: Json
) -> None:
    scopes = [scope for scope in Scope if scope not in (Scope.PLATFORM, Scope.ADMIN)]
    others = await make_tenant(*scopes, account=tenant.name)

    assert refused(await put(others.http, job, GIVEN), 403, "missing_scope") == []


async def test_a_deleted_job_keeps_none(
    tenant: Tenant, resources: Resources, settings: Settings, job: Json
) -> None:
    await put(tenant.http, job, GIVEN)

    await tenant.http.delete(f"/v1/jobs/{job['id']}")

    assert await opened(resources, tenant, job, settings) == VariablesPut()
