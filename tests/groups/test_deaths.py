"""Workers die while a group runs, and others take over: as if nobody had died.

One API, one database and one Valkey for all of them; the workers are each test's own.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.sending import connecting
from app.embedded.valkey import Valkey
from tests.faults.births import Nursery
from tests.faults.conftest import Template, template
from tests.faults.ground import Ground, a_copy, ground_on
from tests.faults.processes import PATIENCE_SECONDS, Processes, until
from tests.fires.making import ROOMY
from tests.groups.making import a_campaign, active, launched_at, started, states
from tests.jobs.making import Json, published
from tests.ports import free_port
from tests.servers import POSTGRES

__all__ = ["template"]

QUICK = {"PENSTOCK_SANDBOX": "true", "PENSTOCK_SCORING__LEASE": "PT1S"}


@dataclass
class Site:
    """A ground with one API, and workers that end with each test."""

    ground: Ground
    http: httpx.AsyncClient
    workers: Processes
    names: int = field(default=0)

    async def group(self, **fields: Any) -> Json:
        """An active group of two jobs, of names that no other test has."""
        self.names += 1
        name = f"g{self.names}"
        members = [await published(self.http, f"{name}-{number}") for number in range(2)]
        return await active(self.http, members, name=name, **fields)

    async def ended(self, run: Json) -> Json:
        async def is_over() -> bool:
            return (await self.read(run))["state"] not in ("queued", "running")

        await until(is_over)
        return await self.read(run)

    async def read(self, run: Json) -> Json:
        found: Json = (await self.http.get(f"/v1/runs/{run['id']}")).json()
        return found


@pytest.fixture(scope="module")
async def ground(
    tmp_path_factory: pytest.TempPathFactory, template: Template, nursery: Nursery
) -> AsyncIterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("deaths")
    valkey = Valkey(folder / "valkey", password="faults", log=folder / "valkey.log")
    server = os.environ[POSTGRES]
    await valkey.start()
    async with a_copy(server, template=template.name) as name:
        ground = ground_on(f"{server}/{name}", valkey, template.keys, folder / "logs", nursery)
        yield ground
        await ground.processes.end()
        await valkey.kill()


@pytest.fixture(scope="module")
async def api(ground: Ground) -> str:
    port = free_port()
    await ground.processes.api(port)
    url = f"http://127.0.0.1:{port}"
    account_id = (await ground.fetch("SELECT id FROM accounts WHERE name = 'acme'"))[0]["id"]
    async with connecting(url, ground.keys.platform)() as http:
        answer = await http.patch(f"/v1/accounts/{account_id}/plan", json=ROOMY)
        assert answer.status_code == 200, answer.text
    return url


@pytest.fixture
async def site(ground: Ground, api: str, tmp_path: Path, nursery: Nursery) -> AsyncIterator[Site]:
    workers = ground_on(
        ground.database_url, ground.valkey, ground.keys, tmp_path, nursery
    ).processes
    async with connecting(api, ground.keys.of["acme", "marketo"])() as http:
        yield Site(ground, http, workers, names=int.from_bytes(os.urandom(4)))
        await workers.end()


@pytest.mark.parametrize(
    "failpoint",
    [
        # A job's run has ended, and nobody has looked after its group.
        "run_end.after_commit:1",
        # The second look records the first job and begins the next; the third finishes.
        "groups.before_commit:2",
        "groups.after_commit:2",
        "groups.before_commit:3",
    ],
)
async def test_killed_between_two_jobs_the_next_worker_goes_on(site: Site, failpoint: str) -> None:
    campaign = await a_campaign(site.http)
    launch, recipients = [campaign["id"]], ["ops@example.com"]
    group = await site.group(launch_campaigns=launch, recipients=recipients)
    first = await site.workers.worker(**QUICK, PENSTOCK_FAILPOINT=failpoint)
    run = await started(site.http, group)
    await asyncio.wait_for(first.wait(), PATIENCE_SECONDS)
    await site.workers.worker(**QUICK)
    found = await site.ended(run)
    children = (await site.http.get("/v1/runs", params={"parent": run["id"]})).json()["items"]

    assert first.returncode == -signal.SIGKILL
    assert (found["state"], states(found)) == ("succeeded", ["succeeded", "succeeded"])
    # Two runs, and the second was queued only once the first had ended.
    last, before = children
    assert last["queued_at"] >= before["finished_at"]
    assert await launched_at(site.http, campaign) is not None
    for table, place in (
        ("campaign_launches", f"campaign_id = '{campaign['id']}'"),
        ("messages", f"cause_id = '{run['id']}'"),
        ("events", f"type = 'group.finished' AND data ->> 'run_id' = '{run['id']}'"),
    ):
        assert await site.ground.count(f"SELECT count(*) FROM {table} WHERE {place}") == 1

    async def is_nothing_pending() -> bool:
        return await site.ground.count("SELECT count(*) FROM pending_groups") == 0

    await until(is_nothing_pending)


async def test_without_rings_the_look_of_every_second_finds_the_calls(site: Site) -> None:
    """A Valkey where nobody listens."""
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    run = await started(site.http, await site.group())
    await site.workers.worker(**QUICK, PENSTOCK_REDIS_URL=nowhere)

    assert states(await site.ended(run)) == ["succeeded", "succeeded"]
