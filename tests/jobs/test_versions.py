"""Versions of a job's code: listed newest first, and rolled back by number."""

import httpx
import pytest

from app.core.auth import Scope
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import Json, add_version, done, make, read, refused


@pytest.fixture
async def job(tenant: Tenant, resources: Resources) -> Json:
    """A job of code with three versions, none of them active."""
    job = await make(tenant.http, kind="code", config={})
    for number in (1, 2, 3):
        await add_version(resources, tenant, job, number)
    return job


async def test_versions_are_listed_newest_first(http: httpx.AsyncClient, job: Json) -> None:
    await done(http, job, "versions/2/activate")
    path = f"/v1/jobs/{job['id']}/versions"

    first = (await http.get(path, params={"limit": 2})).json()
    rest = (await http.get(path, params={"cursor": first["next_cursor"]})).json()

    items = first["items"] + rest["items"]
    assert [(one["number"], one["is_active"]) for one in items] == [
        (3, False),
        (2, True),
        (1, False),
    ]
    assert rest["next_cursor"] is None
    assert (items[0]["size_bytes"], items[0]["entry"], items[0]["made_by"]) == (
        *(1_003, "main.py"), "ann",
    )  # fmt: skip
    assert "stored_as" not in items[0]


async def test_a_cursor_of_another_jobs_versions_is_refused(
    tenant: Tenant, resources: Resources, job: Json
) -> None:
    other = await make(tenant.http, "other", kind="code", config={})
    found = await tenant.http.get(f"/v1/jobs/{job['id']}/versions", params={"limit": 1})

    answer = await tenant.http.get(
        f"/v1/jobs/{other['id']}/versions", params={"cursor": found.json()["next_cursor"]}
    )

    assert refused(answer, 422, "bad_cursor") == [("?cursor", "bad_cursor")]


async def test_runs_go_back_to_an_earlier_version_by_its_number(
    http: httpx.AsyncClient, job: Json
) -> None:
    newest = await done(http, job, "versions/3/activate")
    back = await done(http, job, "versions/1/activate")

    assert (newest["active_version"], back["active_version"]) == (3, 1)
    assert await done(http, job, "versions/1/activate") == back
    assert await read(http, job) == back


async def test_a_version_that_is_not_there_is_not_found(http: httpx.AsyncClient, job: Json) -> None:
    path = f"/v1/jobs/{job['id']}/versions"

    refused(await http.post(f"{path}/4/activate"), 404, "job_version_not_found")
    for number in (0, -1, 2**31, "one"):
        answer = await http.post(f"{path}/{number}/activate")
        assert refused(answer, 422, "validation_failed")[0][0] == "?number"


async def test_only_an_admin_says_which_code_runs(
    tenant: Tenant, make_tenant: MakeTenant, job: Json
) -> None:
    scopes = [scope for scope in Scope if scope not in (Scope.PLATFORM, Scope.ADMIN)]
    others = await make_tenant(*scopes, account=tenant.name)

    answer = await others.http.post(f"/v1/jobs/{job['id']}/versions/1/activate")

    assert refused(answer, 403, "missing_scope") == []
