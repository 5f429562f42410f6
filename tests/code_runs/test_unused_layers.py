"""Layers that nobody needs are deleted, and never under a run or an upload."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from app.jobs import layers
from app.jobs.code.layers import is_kept
from app.jobs.errors import LayerLeaving
from tests.code_runs.making import Site, a_job, error_of, start, uploaded, zipped
from tests.conftest import Tenant
from tests.jobs.making import Json, add_version, done
from tests.jobs_code.wheels_making import Wheels
from workers.maintenance import forget_what_is_over

IMPORTS = zipped("import sums\ndef main(): return sums.VERSION", requirements__txt="sums>=1")
_RUN_IS_OVER = "DELETE FROM pending_runs WHERE account_id = $1 AND run_id = $2"
_LAST_WEEK = "UPDATE code_layers SET wanted_at = wanted_at - interval '7 days' WHERE id = $1"


async def once(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


async def a_layer(resources: Resources, tenant: Tenant, letter: str, *, is_old: bool = True) -> str:
    """A layer in the store, wanted by an upload a week ago or just now."""
    layer_id = (tenant.account_id.hex + letter).ljust(64, letter)
    await resources.files.write(f"layers/{layer_id}.tar.gz", once(letter))
    await resources.files.write(f"layers/made-of/{layer_id}.json", once(letter))
    async with resources.unit_of_work(tenant.account_id) as session:
        await layers.want(session, layer_id, f"layers/made-of/{layer_id}.json")
        if is_old:
            await (await driver_of(session)).execute(_LAST_WEEK, layer_id)
    return layer_id


async def a_job_with(resources: Resources, tenant: Tenant, layer_id: str, name: str) -> Json:
    job = await a_job(tenant.http, name)
    await add_version(resources, tenant, job, 1, layer_id=layer_id)
    await tenant.http.post(f"/v1/jobs/{job['id']}/versions/1/activate")
    return await done(tenant.http, job, "publish")


async def delete(tenant: Tenant, job: Json) -> None:
    answer = await tenant.http.delete(f"/v1/jobs/{job['id']}")
    assert answer.status_code == 204, answer.text


async def drop(resources: Resources, *tenants: Tenant) -> int:
    return await layers.drop_unused(resources, [tenant.account_id for tenant in tenants])


async def test_layers_of_living_jobs_stay_and_those_of_deleted_ones_go(
    tenant: Tenant, resources: Resources
) -> None:
    used, unused, new = [
        await a_layer(resources, tenant, letter, is_old=letter != "c") for letter in "abc"
    ]
    job = await a_job_with(resources, tenant, used, "one")
    await drop(resources, tenant)
    first = [await is_kept(resources.files, one) for one in (used, unused, new)]
    note_is_there = await resources.files.exists(f"layers/made-of/{unused}.json")
    await delete(tenant, job)
    await drop(resources, tenant)

    assert first == [True, False, True]
    assert not note_is_there
    assert not await is_kept(resources.files, used)


async def test_a_run_of_a_deleted_job_keeps_its_layer_to_its_end(
    tenant: Tenant, resources: Resources
) -> None:
    layer_id = await a_layer(resources, tenant, "d")
    job = await a_job_with(resources, tenant, layer_id, "one")
    run_id = await start(tenant.http, job)
    await delete(tenant, job)
    await drop(resources, tenant)
    during = await is_kept(resources.files, layer_id)
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(_RUN_IS_OVER, tenant.account_id, run_id)
    await drop(resources, tenant)

    assert (during, await is_kept(resources.files, layer_id)) == (True, False)


async def test_one_layer_is_deleted_once_however_many_look(
    tenant: Tenant, resources: Resources
) -> None:
    ids = [await a_layer(resources, tenant, letter) for letter in "ef"]
    dropped = await asyncio.gather(*(drop(resources, tenant) for _ in range(4)))

    assert sum(dropped) == 2
    assert not any([await is_kept(resources.files, one) for one in ids])


async def test_an_upload_that_meets_a_leaving_layer_comes_again(
    tenant: Tenant, resources: Resources
) -> None:
    """A worker that died on the way has marked it; a quarter of an hour later another goes on."""
    layer_id = await a_layer(resources, tenant, "1")

    async def marked(ago: timedelta) -> None:
        async with resources.unit_of_work(tenant.account_id) as session:
            driver = await driver_of(session)
            await driver.execute(
                "UPDATE code_layers SET leaves_at = clock_timestamp() - $2::interval WHERE id = $1",
                *(layer_id, ago),
            )

    await marked(timedelta(minutes=1))
    await drop(resources, tenant)
    with pytest.raises(LayerLeaving):
        async with resources.unit_of_work(tenant.account_id) as session:
            await layers.want(session, layer_id, "note")
    meanwhile = await is_kept(resources.files, layer_id)
    await marked(timedelta(minutes=16))
    await drop(resources, tenant)

    assert (meanwhile, await is_kept(resources.files, layer_id)) == (True, False)
    await a_layer(resources, tenant, "1")


async def test_a_deleted_layer_is_made_again_for_whoever_needs_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From upload to upload, with pip, a run and the worker's own maintenance."""
    wheels, tenant = Wheels(tmp_path / "wheels"), site.tenant
    wheels.add("sums")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels.folder))
    found = []
    for name in ("one", "two"):
        job = await a_job(tenant.http, name)
        layer_id = (await uploaded(tenant.http, job, IMPORTS))["layer_id"]
        await done(tenant.http, job, "publish")
        run = await site.run(job)
        await delete(tenant, job)
        async with site.work.resources.unit_of_work() as session:
            await (await driver_of(session)).execute(_LAST_WEEK, layer_id)
        await forget_what_is_over(site.work)
        kept = await is_kept(site.work.resources.files, layer_id)
        found.append((error_of(run), run["details"]["returned"], kept))

    assert found == [(("succeeded", None), "1.0", False)] * 2
