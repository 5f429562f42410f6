"""Zips of jobs that are gone are deleted, after a day, and never under a run."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from app.jobs import forgetting
from app.jobs.code import layers as code_layers
from app.jobs.code.requirements import parse_requirements
from tests.code_runs.making import a_job, start, uploaded, zipped
from tests.conftest import Tenant
from tests.jobs.making import Json, done
from tests.jobs_code.wheels_making import Wheels

_AGO = "UPDATE jobs SET deleted_at = deleted_at - $2::interval WHERE id = $1"
_ENDED = """
UPDATE jobs SET state = 'expired', never_expires = false, expires_at = now() - interval '25 hours'
 WHERE id = $1
"""
_VERSION = "SELECT stored_as, sha256 FROM job_versions WHERE job_id = $1 AND number = $2"
_RUN_IS_OVER = "DELETE FROM pending_runs WHERE run_id = $1"


async def ask(resources: Resources, tenant: Tenant, sql: str, *values: object) -> Json | None:
    async with resources.unit_of_work(tenant.account_id) as session:
        row = await (await driver_of(session)).fetchrow(sql, *values)
    return None if row is None else dict(row)


async def kept(resources: Resources, tenant: Tenant, job: Json) -> list[bool]:
    """Whether the first two versions are there, by their hashes."""
    folder = forgetting.folder_of(tenant.account_id, UUID(job["id"]))
    found = []
    for number in (1, 2):
        version = await ask(resources, tenant, _VERSION, UUID(job["id"]), number)
        assert version is not None
        is_there = await resources.files.exists(f"{folder}/{version['sha256']}.zip")
        assert is_there == bool(version["stored_as"])
        found.append(is_there)
    return found


@pytest.fixture
async def job(tenant: Tenant) -> Json:
    """One with two versions, published."""
    made = await a_job(tenant.http, "one")
    for number in (1, 2):
        await uploaded(tenant.http, made, zipped(f"def main(): return {number}"))
    return await done(tenant.http, made, "publish")


async def test_code_of_a_deleted_job_goes_after_a_day_and_after_its_last_run(
    tenant: Tenant, resources: Resources, job: Json
) -> None:
    account_id, job_id = tenant.account_id, UUID(job["id"])
    run_id = await start(tenant.http, job)
    await tenant.http.delete(f"/v1/jobs/{job['id']}")
    assert await forgetting.forget(resources, account_id) == 0
    await ask(resources, tenant, _AGO, job_id, timedelta(hours=25))
    assert await forgetting.forget(resources, account_id) == 0
    during = await kept(resources, tenant, job)
    await ask(resources, tenant, _RUN_IS_OVER, run_id)

    assert during == [True, True]
    assert await forgetting.forget(resources, account_id) == 1
    assert await kept(resources, tenant, job) == [False, False]
    assert await forgetting.forget(resources, account_id) == 0


async def test_code_of_an_expired_job_goes_and_that_of_living_ones_stays(
    tenant: Tenant, resources: Resources, job: Json
) -> None:
    assert await forgetting.forget(resources, tenant.account_id) == 0
    assert await kept(resources, tenant, job) == [True, True]
    await ask(resources, tenant, _ENDED, UUID(job["id"]))

    assert await forgetting.forget(resources, tenant.account_id) == 1
    assert await kept(resources, tenant, job) == [False, False]


async def test_no_layer_is_kept_that_was_not_told_of(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever dies in between leaves a row without an archive, which maintenance deletes."""
    wheels = Wheels(tmp_path / "wheels")
    wheels.add("parts")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels.folder))
    told: list[str] = []

    async def dies(layer_id: str) -> None:
        told.append(layer_id)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await code_layers.layer_for(resources.files, parse_requirements("parts==1.0"), coming=dies)

    assert len(told) == 1
    assert not await code_layers.is_kept(resources.files, told[0])
