"""Code that calls this installation's own API, through its proxy and with a key of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from app.core.resources import Resources
from tests.code_runs.making import Site, error_of, published, variables
from tests.conftest import Tenant
from workers.work import Work

CALLS = """
    import os, requests
    from helper import LS
    def main():
        url = os.environ["PENSTOCK_API_URL"]
        key = {"Authorization": f"Bearer {LS.settings.key}"}
        account = requests.get(f"{url}/account", headers=key, timeout=200)
        metrics = requests.get(url.removesuffix("/v1") + "/metrics", timeout=200)
        return [url, account.status_code, account.json()["name"], metrics.status_code,
                metrics.reason]
"""


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """The port of the API, on the loopback address, while the block lasts."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False, ws="none")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
        assert not serving.done()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def test_code_calls_the_api_through_the_proxy(
    app: FastAPI, tenant: Tenant, worker: Work
) -> None:
    async with served(app) as port:
        http = worker.settings.http.model_copy(update={"port": port})
        async with Resources(worker.settings.model_copy(update={"http": http})) as resources:
            work = Work(resources)
            await work.fitness.look()
            job = await published(tenant.http, CALLS)
            await variables(tenant.http, job, secrets={"key": tenant.key})
            run = await Site(tenant, work).run(job)

    assert error_of(run) == ("succeeded", None), run["error"]
    assert run["details"]["returned"] == [
        *(f"http://api.penstock.internal:{port}/v1", 200, tenant.name),
        *(403, "path_not_allowed"),
    ]
    (host,) = run["details"]["hosts"]
    assert (host["host"], host["port"]) == ("api.penstock.internal", port)
