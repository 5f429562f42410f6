"""Code of jobs, zipped and uploaded; runs of it, and what can be seen of them."""

import io
import textwrap
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.conftest import Tenant
from workers.runs import work_on_run
from workers.work import Work

Json = dict[str, Any]

TEMPLATE = """
    import traceback
    from helper import LS

    def main():
        try:
            LS.log.info('Hello')
            LS.log.info('Hello', {"Support Email": "support@example.com"})
            LS.log.info(LS.settings.mykey)
            LS.log.debug('Debug Log Example')
        except Exception as err:
            LS.log.error(type(err).__name__, traceback.format_exc())
"""
SAYS_HELLO = "def main(): print('hello')"


def zipped(source: str, **others: str) -> bytes:
    """A zip with this main.py; `others` are files beside it, `__` for the dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", textwrap.dedent(source))
        for name, content in others.items():
            archive.writestr(name.replace("__", "."), textwrap.dedent(content))
    return packed.getvalue()


async def a_job(http: httpx.AsyncClient, name: str = "nightly", **fields: Any) -> Json:
    """A job of code, without any code yet."""
    told = {"name": name, "kind": "code", "ad_hoc": True, "never_expires": True, **fields}
    answer = await http.post("/v1/jobs", json=told)
    assert answer.status_code == 201, answer.text
    job: Json = answer.json()
    return job


async def upload(
    http: httpx.AsyncClient, job: Json, content: bytes | str, **params: str
) -> httpx.Response:
    body = zipped(content) if isinstance(content, str) else content
    return await http.put(f"/v1/jobs/{job['id']}/code", content=body, params=params)


async def uploaded(http: httpx.AsyncClient, job: Json, content: bytes | str) -> Json:
    answer = await upload(http, job, content)
    assert answer.status_code == 200, answer.text
    version: Json = answer.json()
    return version


async def published(
    http: httpx.AsyncClient, source: bytes | str = SAYS_HELLO, name: str = "nightly", **fields: Any
) -> Json:
    """A job with this code that may run."""
    job = await a_job(http, name, **fields)
    await uploaded(http, job, source)
    answer = await http.post(f"/v1/jobs/{job['id']}/publish")
    assert answer.status_code == 200, answer.text
    return job


async def variables(http: httpx.AsyncClient, job: Json, **told: Json) -> None:
    answer = await http.put(f"/v1/jobs/{job['id']}/variables", json=told)
    assert answer.status_code == 200, answer.text


async def start(http: httpx.AsyncClient, job: Json, *, body: Any = None, **query: str) -> UUID:
    """A run of the job, as a call starts it."""
    told = {"body": body}
    answer = await http.post(f"/v1/jobs/{job['id']}/runs", json=told, params=query)
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


@dataclass
class Site:
    """A tenant and a worker that runs its code."""

    tenant: Tenant
    work: Work

    @property
    def http(self) -> httpx.AsyncClient:
        return self.tenant.http

    async def start(self, job: Json, *, body: Any = None, **query: str) -> UUID:
        return await start(self.http, job, body=body, **query)

    async def do(self, run_id: UUID) -> Json:
        """Have the worker take up a run, and see how it stands then."""
        await work_on_run(self.work, self.tenant.account_id, run_id)
        return await self.read(run_id)

    async def run(self, job: Json, *, body: Any = None, **query: str) -> Json:
        """A run of the job, from its start to its end."""
        return await self.do(await self.start(job, body=body, **query))

    async def read(self, run_id: UUID | str) -> Json:
        answer = await self.http.get(f"/v1/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        run: Json = answer.json()
        return run

    async def log(self, run: Json, **params: Any) -> list[Json]:
        """The lines of a run's log, all pages of it."""
        lines: list[Json] = []
        told: Json = {"limit": 1000, **params}
        while True:
            answer = await self.http.get(f"/v1/runs/{run['id']}/log", params=told)
            assert answer.status_code == 200, answer.text
            lines += answer.json()["items"]
            if answer.json()["next_cursor"] is None:
                return lines
            told["cursor"] = answer.json()["next_cursor"]

    async def texts(self, run: Json, **params: Any) -> list[str]:
        return [line["text"] for line in await self.log(run, **params)]

    async def limits(self) -> Json:
        found: Json = (await self.http.get("/v1/account/limits")).json()
        return found


def error_of(run: Json) -> tuple[str, str | None]:
    """How a run ended, and why."""
    return run["state"], run["error"] and run["error"]["code"]
