"""Draft, published, unpublished: what it takes, and what a published job may no longer lose."""

from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.models.states import JobState
from tests.conftest import Tenant
from tests.jobs.making import (
    EXPORT,
    IMPORT,
    add_version,
    change,
    done,
    make,
    published,
    read,
    refused,
)

DAILY = {"type": "daily", "at": ["02:30"]}
LATER = "2099-01-01T00:00:00Z"


async def test_a_published_job_says_since_when(http: httpx.AsyncClient) -> None:
    job = await make(http)

    out = await done(http, job, "publish")
    back = await done(http, job, "unpublish")
    again = await done(http, job, "publish")

    assert [one["state"] for one in (out, back, again)] == ["published", "unpublished", "published"]
    assert out["published_at"] > job["created_at"]
    assert back["published_at"] is None
    assert again["published_at"] > out["published_at"]


@pytest.mark.parametrize("deed", ["publish", "unpublish"])
async def test_a_deed_that_is_done_changes_nothing_when_repeated(
    http: httpx.AsyncClient, deed: str
) -> None:
    job = await published(http)
    once = await done(http, job, deed)

    assert await done(http, job, deed) == once


async def test_what_was_never_published_cannot_be_unpublished(http: httpx.AsyncClient) -> None:
    job = await make(http)

    answer = await http.post(f"/v1/jobs/{job['id']}/unpublish")

    assert refused(answer, 409, "wrong_job_state") == []


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"ad_hoc": False}, [("/schedule", "missing")]),
        ({"never_expires": False}, [("/expires_at", "missing")]),
        ({"config": {}}, [("/config", "missing")]),
        ({"kind": "import", "config": {}}, [("/config", "missing")]),
        ({"kind": "import", "config": {"object": "people"}}, [("/config/source", "missing")]),
        ({"kind": "code", "config": {}}, [("/active_version", "missing")]),
        ({"kind": "maintenance", "config": {}}, [("/kind", "not_available")]),
        (
            {"kind": "code", "config": {}, "ad_hoc": False, "never_expires": False},
            [
                ("/schedule", "missing"),
                ("/expires_at", "missing"),
                ("/active_version", "missing"),
            ],
        ),
    ],
)
async def test_a_job_that_lacks_something_is_not_published(
    http: httpx.AsyncClient, fields: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    job = await make(http, **fields)

    answer = await http.post(f"/v1/jobs/{job['id']}/publish")

    assert refused(answer, 422, "job_not_publishable") == faults
    assert (await read(http, job))["state"] == "draft"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ad_hoc": False, "schedule": DAILY},
        {"schedule": DAILY},
        {"never_expires": False, "expires_at": LATER},
        {"kind": "import", "config": IMPORT},
    ],
)
async def test_a_job_that_lacks_nothing_is_published(
    http: httpx.AsyncClient, fields: dict[str, Any]
) -> None:
    assert (await published(http, **fields))["state"] == "published"


async def test_a_code_job_is_published_once_it_has_an_active_version(
    tenant: Tenant, resources: Resources
) -> None:
    job = await make(tenant.http, kind="code", config={})
    await add_version(resources, tenant, job, 1)
    refused(await tenant.http.post(f"/v1/jobs/{job['id']}/publish"), 422, "job_not_publishable")
    await done(tenant.http, job, "versions/1/activate")

    assert (await done(tenant.http, job, "publish"))["state"] == "published"


async def test_a_published_job_is_changed_at_once(http: httpx.AsyncClient) -> None:
    job = await published(http)

    changed = (await change(http, job, config=EXPORT | {"gzip": True}, timeout="PT5M")).json()

    assert (changed["state"], changed["timeout"]) == ("published", "PT5M")
    assert changed["config"]["gzip"] is True


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"ad_hoc": False}, [("/schedule", "missing")]),
        ({"never_expires": False}, [("/expires_at", "missing")]),
        ({"config": {}}, [("/config", "missing")]),
    ],
)
async def test_a_published_job_keeps_what_it_needs(
    http: httpx.AsyncClient, fields: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    job = await published(http)

    assert refused(await change(http, job, **fields), 422, "job_not_publishable") == faults
    assert await read(http, job) == job

    await done(http, job, "unpublish")
    assert (await change(http, job, **fields)).status_code == 200


def test_every_word_has_its_place_in_the_drawing() -> None:
    follows = {
        before: {after for after in JobState if before.may_become(after)} for before in JobState
    }

    assert follows == {
        JobState.DRAFT: {JobState.PUBLISHED, JobState.EXPIRED},
        JobState.PUBLISHED: {JobState.UNPUBLISHED, JobState.EXPIRED},
        JobState.UNPUBLISHED: {JobState.PUBLISHED, JobState.EXPIRED},
        JobState.EXPIRED: set(),
    }
