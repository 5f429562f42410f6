"""Our arm for customers' code: the API and one worker, a job with code, runs of it to their end."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx

from tests.bench import penstock
from tests.bench.errors import Wrong
from tests.bench.files import arrivals
from tests.bench.service import Service
from tests.bench.stand import Stand

_ROOM = """
UPDATE accounts SET plan = plan || '{"jobs": 100, "executions_per_day": 100000,
       "invocations_per_job": 100000, "minutes_per_day": 1000000}'
"""
_SANDBOX = "SELECT count(*) FROM heartbeats WHERE sandbox = ''"
_AT_WORK = "SELECT EXISTS (SELECT FROM runs WHERE finished_at IS NULL)"
_SYNCHRONOUS = {"evaluate_score_immediately": True, "evaluate_score_asynchronously": False}


class Coder:
    """Runs of code on one arm, one after the other."""

    def __init__(self, service: Service, http: httpx.AsyncClient) -> None:
        self.service = service
        self._http = http

    async def job(self, name: str, source: str) -> str:
        """A published job with this code; its id."""
        told = {"name": name, "kind": "code", "ad_hoc": True, "never_expires": True}
        made = await self._http.post("/jobs", json=told)
        penstock.require(made)
        place = f"/jobs/{made.json()['id']}"
        penstock.require(await self._http.put(f"{place}/code", content=_zipped(source)))
        penstock.require(await self._http.post(f"{place}/publish"))
        return str(made.json()["id"])

    async def run(self, job_id: str) -> dict[str, Any]:
        """A run of it, from the call to its end.

        Raises:
            Wrong: it has not succeeded.
        """
        called = await self._http.post(f"/jobs/{job_id}/runs", json={"body": None})
        penstock.require(called)
        await self.service.until_done(_AT_WORK)
        run = await self._http.get(f"/runs/{called.json()['id']}")
        penstock.require(run)
        found: dict[str, Any] = run.json()
        if found["state"] not in ("succeeded", "succeeded_with_warnings"):
            raise Wrong(f"a run of code has {found['state']}: {found['error']}")
        return found

    async def log(self, run: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        """The first page of its log."""
        page = await self._http.get(f"/runs/{run['id']}/log", params={"limit": 1000, **params})
        penstock.require(page)
        items: list[dict[str, Any]] = page.json()["items"]
        return items

    async def start_seconds(self, job_id: str) -> float:
        """From the claim of a run to the first line that its code has written."""
        run = await self.run(job_id)
        line = (await self.log(run))[0]
        return (_moment(line["at"]) - _moment(run["started_at"])).total_seconds()


@asynccontextmanager
async def coder(stand: Stand) -> AsyncIterator[Coder]:
    """The arm, frozen; single responses to it are scored at once."""
    campaigns = [arrivals.CAMPAIGN]
    async with penstock.penstock(
        stand, campaigns=campaigns, has_worker=True, settings=_SYNCHRONOUS
    ) as service:
        async with service.awake(), stand.owner(service.database_url) as owner:
            await owner.execute(_ROOM)
            await service.until_done(f"SELECT ({_SANDBOX}) = 0")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{service.port}/v1",
            headers={"Authorization": f"Bearer {service.token}"},
            trust_env=False,
            timeout=60,
        ) as http:
            yield Coder(service, http)


def _zipped(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", source)
    return packed.getvalue()


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
