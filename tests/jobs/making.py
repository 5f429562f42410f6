"""What the tests of jobs make."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from app.core import clock
from app.core.resources import Resources
from app.models import JobVersion
from tests.conftest import MakeTenant, Tenant
from tests.people.making import pointers_of

Json = dict[str, Any]

SECRET = "a secret of the test suite, long enough"
EXPORT = {"object": "people", "format": "ndjson"}
IMPORT = {"object": "people", "source": {"url": "https://files.example.com/people.csv"}}
READY = {"kind": "export", "config": EXPORT, "ad_hoc": True, "never_expires": True}


def a_job(name: str = "nightly", **fields: Any) -> Json:
    """A job that could be published, unless told otherwise."""
    return {"name": name, **READY, **fields}


async def make(http: httpx.AsyncClient, name: str = "nightly", **fields: Any) -> Json:
    answer = await http.post("/v1/jobs", json=a_job(name, **fields))
    assert answer.status_code == 201, answer.text
    job: Json = answer.json()
    return job


async def published(http: httpx.AsyncClient, name: str = "nightly", **fields: Any) -> Json:
    return await done(http, await make(http, name, **fields), "publish")


async def done(http: httpx.AsyncClient, job: Json, deed: str) -> Json:
    answer = await http.post(f"/v1/jobs/{job['id']}/{deed}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def change(http: httpx.AsyncClient, job: Json, **fields: Any) -> httpx.Response:
    return await http.patch(f"/v1/jobs/{job['id']}", json=fields)


async def read(http: httpx.AsyncClient, job: Json) -> Json:
    answer = await http.get(f"/v1/jobs/{job['id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str) -> list[tuple[str, str]]:
    """The places that a refusal of this kind names."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return pointers_of(answer)


async def plan(make_tenant: MakeTenant, tenant: Tenant, **limits: Any) -> None:
    """Give the tenant other limits, as the installation does."""
    platform = (await make_tenant(platform=True)).http
    answer = await platform.patch(f"/v1/accounts/{tenant.account_id}/plan", json=limits)
    assert answer.status_code == 200, answer.text


async def make_it_noon(resources: Resources, tenant: Tenant) -> None:
    """Give the account a time zone in which its day is far from over, whatever the hour."""
    ahead = 12 - (await now_of(resources, tenant)).hour
    # In names of this kind the sign is the other way round.
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
    answer = await tenant.http.patch("/v1/account", json={"timezone": zone})
    assert answer.status_code == 200, answer.text


async def now_of(resources: Resources, tenant: Tenant) -> datetime:
    """Business time, as the service sees it."""
    async with resources.unit_of_work(tenant.account_id) as session:
        return clock.business_now(session)


async def add_version(
    resources: Resources, tenant: Tenant, job: Json, number: int, **fields: Any
) -> None:
    """A version of a job's code, as an upload leaves it."""
    row: Json = {
        "sha256": f"{number:064x}",
        "size_bytes": 1_000 + number,
        "stored_as": f"jobs/{job['id']}/{number}.zip",
        "entry": "main.py",
        "made_by": "ann",
    }
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add(
            JobVersion(
                account_id=tenant.account_id,
                job_id=UUID(job["id"]),
                number=number,
                made_at=clock.business_now(session),
                **(row | fields),
            )
        )
