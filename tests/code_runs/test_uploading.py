"""Code is uploaded as a zip, and each upload is a version; what is refused changes nothing."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.code_runs.making import SAYS_HELLO, a_job, upload, uploaded, zipped
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import plan, read, refused


async def test_each_upload_is_a_version_and_the_newest_is_active(http: httpx.AsyncClient) -> None:
    job = await a_job(http)
    first = await uploaded(http, job, SAYS_HELLO)
    answer = await upload(http, job, zipped("def main(event): return event.body"), note="echoes")
    second = answer.json()

    assert (first["number"], first["is_active"], first["entry"]) == (1, True, "main.py")
    assert (second["number"], second["note"], second["made_by"]) == (2, "echoes", "marketo")
    assert (await read(http, job))["active_version"] == 2
    assert answer.headers["ETag"] == '"3"'
    listed = (await http.get(f"/v1/jobs/{job['id']}/versions")).json()["items"]
    assert [(one["number"], one["is_active"]) for one in listed] == [(2, True), (1, False)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no zip", "not_zip"),
        (zipped("x = 1"), "no_main_function"),
        (zipped("def main(a, b): pass"), "too_many_parameters"),
        (zipped("def main(:"), "code_syntax_error"),
        (zipped(SAYS_HELLO, requirements__txt="-e ."), "requirement_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_refused_leaves_no_version(
    http: httpx.AsyncClient, content: bytes, code: str
) -> None:
    job = await a_job(http)
    await uploaded(http, job, SAYS_HELLO)

    refused(await upload(http, job, content), 422, code)

    found = await read(http, job)
    assert (found["active_version"], len(await _versions(http, job))) == (1, 1)


async def test_no_more_is_read_than_the_plan_allows(
    http: httpx.AsyncClient, make_tenant: MakeTenant, tenant: Tenant
) -> None:
    job = await a_job(http)
    await plan(make_tenant, tenant, zip_bytes=1_000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1_000
            yield b"x" * 1_000

    answer = await http.put(f"/v1/jobs/{job['id']}/code", content=endless())

    refused(answer, 413, "body_too_large")
    assert sent <= 5_000
    assert await _versions(http, job) == []


async def test_a_plan_without_code_jobs_takes_none(
    http: httpx.AsyncClient, make_tenant: MakeTenant, tenant: Tenant
) -> None:
    job = await a_job(http)
    await plan(make_tenant, tenant, code_jobs=False)

    refused(await upload(http, job, SAYS_HELLO), 403, "code_not_in_plan")


async def test_only_code_jobs_have_code(http: httpx.AsyncClient) -> None:
    told = {"name": "files", "kind": "export", "config": {"object": "people"}}
    job = (await http.post("/v1/jobs", json=told)).json()

    refused(await upload(http, job, SAYS_HELLO), 409, "job_has_no_code")


async def test_a_version_that_was_not_seen_is_not_replaced(http: httpx.AsyncClient) -> None:
    job = await a_job(http)
    await uploaded(http, job, SAYS_HELLO)
    answer = await http.put(
        f"/v1/jobs/{job['id']}/code", content=zipped(SAYS_HELLO), headers={"If-Match": '"1"'}
    )

    refused(answer, 412, "changed_meanwhile")
    assert len(await _versions(http, job)) == 1


async def _versions(http: httpx.AsyncClient, job: dict[str, str]) -> list[object]:
    found: list[object] = (await http.get(f"/v1/jobs/{job['id']}/versions")).json()["items"]
    return found
